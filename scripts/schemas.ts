/** Writes the JSON Schemas below results/schema. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { schemaFiles } from './schema-files.ts';

const dir = new URL('../results/schema/', import.meta.url);
mkdirSync(dir, { recursive: true });
for (const [name, text] of schemaFiles()) {
  writeFileSync(new URL(name, dir), text);
  console.log(fileURLToPath(new URL(name, dir)));
}
