import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { manifestFixture, trialFixture } from './fixtures.ts';
import { InputError } from './input-error.ts';
import { newestRun, readRun } from './read-run.ts';

const root = mkdtempSync(join(tmpdir(), 'read-run-'));
test.after.always(() => rmSync(root, { recursive: true }));

const line = JSON.stringify(trialFixture(0, 10));
let folders = 0;
function folder(records: string, manifest = JSON.stringify(manifestFixture())): string {
  const dir = join(root, `run-${folders++}`);
  mkdirSync(dir);
  writeFileSync(join(dir, 'manifest.json'), manifest);
  writeFileSync(join(dir, 'records.jsonl'), records);
  return dir;
}

test('a whole run is read back as it was written', (t) => {
  t.deepEqual(readRun(folder(`${line}\n${line}\n`)), { manifest: manifestFixture(), records: [trialFixture(0, 10), trialFixture(0, 10)] });
});

test('a run without records is a run', (t) => {
  t.deepEqual(readRun(folder('')).records, []);
});

test('where the harness was killed, a last line cut in half is left out, and said to be', (t) => {
  const killed = JSON.stringify({ ...manifestFixture(), state: 'running' });
  const run = readRun(folder(`${line}\n${line.slice(0, 40)}`, killed));
  t.is(run.records.length, 1);
  t.true(run.truncated);
});

test('a run that came to its end and whose last line is cut in half is refused', (t) => {
  const dir = folder(`${line}\n${line.slice(0, 40)}`);
  t.throws(() => readRun(dir), {
    instanceOf: InputError,
    message: /records\.jsonl:2: expected a whole record .* complete, got one cut in half/,
  });
});

test('damage elsewhere is refused with file and line', (t) => {
  const dir = folder(`${line}\n${line.slice(0, 40)}\n${line}\n`);
  t.throws(() => readRun(dir), { instanceOf: InputError, message: /records\.jsonl:2: expected JSON/ });
});

test('a record of another shape is refused with file, line and field', (t) => {
  const dir = folder(`${JSON.stringify({ ...trialFixture(0, 10), totalNs: -1 })}\n`);
  t.throws(() => readRun(dir), { instanceOf: InputError, message: /records\.jsonl:1: totalNs: / });
});

test('a manifest of another schema version is refused', (t) => {
  const dir = folder('', JSON.stringify({ ...manifestFixture(), schemaVersion: 2 }));
  t.throws(() => readRun(dir), {
    instanceOf: InputError,
    message: /manifest\.json: expected schema version 1, got 2; the run comes from a newer pherobench/,
  });
});

test('a folder that is not there is refused', (t) => {
  t.throws(() => readRun(join(root, 'nowhere')), {
    instanceOf: InputError,
    message: /nowhere.manifest\.json: expected a file of a run, got ENOENT/,
  });
});

test('the newest run is the one whose name is last', (t) => {
  const results = mkdtempSync(join(root, 'results-'));
  for (const name of ['20260102T000000-a', '20260103T000000-a', '20260101T000000-b', 'paper']) mkdirSync(join(results, name));
  for (const name of ['20260102T000000-a', '20260101T000000-b']) writeFileSync(join(results, name, 'manifest.json'), '{}');
  t.is(newestRun(results), join(results, '20260102T000000-a'));
});

test('no run at all is said with how to make one', (t) => {
  t.throws(() => newestRun(join(root, 'nowhere')), { instanceOf: InputError, message: /make one with: pherobench run/ });
});
