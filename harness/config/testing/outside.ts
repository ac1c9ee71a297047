/** A folder of somebody who has this package installed, for tests: what it exports is the sources of this repository. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const ROOMS = ['workloads', 'platform'];

export interface Outside {
  readonly dir: string;
  write(path: string, text: string): void;
  remove(): void;
}

/** Makes the folder. */
export function makeOutside(): Outside {
  const dir = mkdtempSync(join(tmpdir(), 'outside-'));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  };
  const { name, type, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
  const fromSources = JSON.stringify(exports).replaceAll(/\.\/dist\/([^"]+?)(\.d\.ts|\.js)"/g, './$1.ts"');
  const installed = join('node_modules', String(name));
  write(join(installed, 'package.json'), JSON.stringify({ name, type, exports: JSON.parse(fromSources) }));
  for (const room of ROOMS) symlinkSync(join(root, room), join(dir, installed, room));
  symlinkSync(join(root, 'node_modules/@types'), join(dir, 'node_modules/@types'));
  write('package.json', '{ "private": true, "type": "module" }\n');
  return { dir, write, remove: () => rmSync(dir, { recursive: true }) };
}
