import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import test from 'ava';
import { schemaFiles } from './schema-files.ts';

const committed = (name: string): string => readFileSync(new URL(`../results/schema/${name}`, import.meta.url), 'utf8');
const main = fileURLToPath(new URL('../harness/cli/main.ts', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'schemas-'));
test.after.always(() => rmSync(dir, { recursive: true }));

function validator(name: string): ValidateFunction {
  const ajv = new Ajv2020({ allErrors: true, formats: { 'date-time': (text: string) => !Number.isNaN(Date.parse(text)) } });
  return ajv.compile(JSON.parse(committed(`${name}.schema.json`)));
}

/** Files of one real run: two rounds of two functions on one platform. */
function realRun(): { readonly records: object[]; readonly manifest: object; readonly summary: object } {
  const flags = ['--platform', 'null', '--rounds', '2', '--out', 'run', '--json', 'summary.json'];
  const { status, stderr } = spawnSync(process.execPath, [main, 'run', 'calibration', ...flags], { cwd: dir, encoding: 'utf8' });
  if (status !== 0) throw new Error(`expected the run to succeed, got exit code ${status}: ${stderr}`);
  const text = (path: string): string => readFileSync(join(dir, path), 'utf8');
  return {
    records: text('run/records.jsonl')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
    manifest: JSON.parse(text('run/manifest.json')),
    summary: JSON.parse(text('summary.json')),
  };
}

test('the schemas below results/schema are those of the harness; npm run schemas writes them', (t) => {
  for (const [name, text] of schemaFiles()) t.is(committed(name), text, name);
});

test('records, manifest and summary of a real run fit their schemas, and broken ones do not', (t) => {
  const { records, manifest, summary } = realRun();
  const kinds = new Set(records.map((record) => (record as { kind: string }).kind));
  t.deepEqual([...kinds].sort(), ['floor', 'idle', 'trial']);
  const subjects: [string, object[]][] = [
    ['records', records],
    ['manifest', [manifest]],
    ['summary', [summary]],
  ];
  for (const [name, values] of subjects) {
    const fits = validator(name);
    for (const value of values) t.true(fits(value), `${name}: ${JSON.stringify(fits.errors)}`);
    for (const value of values) t.false(fits({ ...value, surprise: 1 }), `${name}: an unknown key`);
  }
  t.false(validator('records')({ ...records.at(-1), kind: 'trail' }));
  t.false(validator('manifest')({ ...manifest, schemaVersion: 0 }));
  const { rows } = summary as { rows: object[] };
  t.true(rows.length >= 4);
  t.false(validator('summary')({ ...summary, rows: [{ ...rows[0], median: 'fast' }] }));
  t.false(validator('summary')({ ...summary, rows: [{ ...rows[0], ratio: undefined, unit: 's' }] }));
});
