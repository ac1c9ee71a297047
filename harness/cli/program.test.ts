import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { readRun } from '../read-run.ts';
import { EXIT } from './exit-codes.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'program-'));
test.after.always(() => rmSync(root, { recursive: true }));

function start(...args: string[]) {
  const child = spawn(process.execPath, [main, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const text = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text.stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text.stderr += chunk));
  // Closed only once every process that shares the pipes has ended.
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...text }));
  return { child, text, ended };
}
const pherobench = (...args: string[]) => start(...args).ended;

test('bad input ends with exit code 5 and one line that says what was meant', async (t) => {
  mkdirSync(join(root, 'empty'));
  writeFileSync(join(root, 'occupied'), '');
  const cases: [string[], RegExp][] = [
    [['rnu'], /unknown command 'rnu' \(Did you mean run\?\)/],
    [['run', 'overview', '--raport'], /unknown option '--raport' \(Did you mean --report\?\)/],
    [['run', 'overview', 'twice'], /too many arguments/],
    [['run', 'overvew'], /unknown experiment: .* got "overvew"; did you mean "overview"\?/],
    [['run', 'word-cuont'], /unknown experiment: .* did you mean "word-count"\?/],
    [['run', 'overview', '--platform', 'pheromon'], /unknown platform: .* did you mean "pheromone"\?/],
    [['run', 'overview', '--param', 'length=0'], /length of chain: expected 1 to 1000 functions, got 0/],
    [['run', 'overview', '--param', 'length=2', '--param', 'length=3'], /--param length: expected it once/],
    [['run', 'overview', '--rounds', 'many'], /expected a whole number, got "many"/],
    [['run', 'floors', '--out', join('occupied', 'run')], /occupied.run: expected a folder that can be written to, got ENOTDIR/],
    [['run', 'floors', '--json', join('missing', 'x.json')], /--json missing.x\.json: expected a file that can be written, got ENOENT/],
    [['run', 'floors', '--config', 'missing.json'], /missing\.json: expected a config file, got ENOENT/],
    [['doctor', 'overvew'], /unknown experiment: .* did you mean "overview"\?/],
    [['report', 'nowhere'], /nowhere.manifest\.json: expected a file of a run, got ENOENT/],
    [['report', 'empty'], /empty: expected the folder of a run, found no manifest\.json in it/],
    [['report'], /results: expected at least one run, got none/],
  ];
  for (const [args, message] of cases) {
    const { code, stderr, stdout } = await pherobench(...args);
    t.is(code, EXIT.badInput, args.join(' '));
    t.regex(stderr, message);
    t.is(stderr.trim().split('\n').length, 1, stderr);
    t.is(stdout, '');
  }
});

test('help explains the exit codes', async (t) => {
  const { code, stdout } = await pherobench('--help');
  t.is(code, EXIT.fine);
  t.regex(stdout, /130 {2}interrupted/);
});

test('list names platforms, workloads with their parameters, and experiments', async (t) => {
  const { code, stdout } = await pherobench('list');
  t.is(code, EXIT.fine);
  for (const name of ['pheromone', 'null', 'chain', 'payloadBytes', 'overview', 'floors']) t.true(stdout.includes(name), name);
});

test('a run leaves a folder that can be read back, and prints its floors', async (t) => {
  const { code, stdout } = await pherobench('run', 'floors', '--rounds', '2', '--seed', '7', '--out', 'floors');
  t.is(code, EXIT.fine);
  t.regex(stdout, /tcp-round-trip/);
  const { manifest, records } = readRun(join(root, 'floors'));
  t.like(manifest, { state: 'complete', seed: 7, experiment: 'floors', run: 'floors' });
  t.deepEqual(manifest.commandLine, ['pherobench', 'run', 'floors', '--rounds', '2', '--seed', '7', '--out', 'floors']);
  t.is(records.length, 12);
});

test('a platform on real work is measured from end to end', async (t) => {
  const { code, stdout } = await pherobench(
    'run',
    'overview',
    '--platform',
    'null',
    '--param',
    'length=3',
    '--rounds',
    '2',
    '--out',
    'null',
  );
  t.is(code, EXIT.fine);
  t.regex(stdout, /Chain · length 3 .*│ null/);
  const trials = readRun(join(root, 'null')).records.filter(({ kind }) => kind === 'trial');
  t.is(trials.length, 2 * 7);
});

test('Ctrl-C ends a run with exit code 130, a readable partial run and no process left', async (t) => {
  const dir = join(root, 'interrupted');
  const { child, text, ended } = start('run', 'floors', '--profile', 'paper', '--out', dir);
  while (!text.stderr.includes('warm-up 1') && child.exitCode === null) await once(child.stderr, 'data');
  child.kill('SIGINT');
  const { code, stderr } = await ended;
  t.is(code, EXIT.interrupted);
  t.regex(stderr, /interrupted: stopping the platforms/);
  t.is(readRun(dir).manifest.state, 'interrupted');
  t.true(existsSync(join(dir, 'records.jsonl')));
});
