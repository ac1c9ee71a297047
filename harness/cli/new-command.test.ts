import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { makeOutside } from '../config/testing/outside.ts';
import { readRun } from '../read-run.ts';
import { EXIT } from './exit-codes.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const main = join(root, 'harness/cli/main.ts');
const tsc = join(root, 'node_modules/typescript/bin/tsc');
const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
const ava = join(root, 'node_modules/ava/entrypoints/cli.js');

/** Runs Node in `cwd` to its end. */
function node(cwd: string, ...args: readonly string[]) {
  // What starts ava's own files must not reach the tests that run below it.
  const { NODE_TEST_CONTEXT: _context, AVA_PATH: _path, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, env, encoding: 'utf8', timeout: 110_000 });
  return { code: status, stdout, stderr, text: `${stdout}${stderr}` };
}

/** How many lines of a skeleton's files are code: neither empty nor a comment. */
function linesOfCode(dir: string, ...files: readonly string[]): number {
  const lines = files.flatMap((file) => readFileSync(join(dir, file), 'utf8').split('\n'));
  return lines.filter((line) => line.trim() !== '' && !/^\s*(\/\/|\/?\*)/.test(line)).length;
}

const outside = makeOutside();
test.after.always(() => outside.remove());

test.serial('outside, a new workload has at most 50 lines, passes its tests and type-checks', (t) => {
  const { code, stdout } = node(outside.dir, main, 'new', 'workload', 'turn-twice');
  t.is(code, EXIT.fine);
  t.regex(stdout, /npx pherobench run turn-twice/);
  t.true(linesOfCode(join(outside.dir, 'workloads/turn-twice'), 'workload.ts', 'functions.ts') <= 50);
  const tests = node(outside.dir, '--test', 'workloads/turn-twice/workload.test.ts');
  t.is(tests.code, 0, tests.text);
  t.regex(tests.stdout, /pass 3/);
  const types = node(outside.dir, tsc, '-p', '.');
  t.is(types.code, 0, types.text);
});

test.serial('it is listed, and runs on three platforms with a report like those inside', (t) => {
  t.regex(node(outside.dir, main, 'list').stdout, /turn-twice/);
  const flags = ['--platform', 'pheromone,http,null', '--rounds', '2', '--param', 'payloadBytes=8,5000', '--out', 'run', '--report'];
  const { code, text } = node(outside.dir, main, 'run', 'turn-twice', ...flags);
  t.is(code, EXIT.fine, text);
  const trials = readRun(join(outside.dir, 'run')).records.filter((record) => record.kind === 'trial');
  for (const platform of ['pheromone', 'http', 'null']) {
    const right = trials.filter((trial) => trial.platform === platform && trial.phase === 'measured' && trial.outcome.kind === 'ok');
    t.is(right.length, 4, platform);
  }
  t.true(existsSync(join(outside.dir, 'run/report.html')));
});

test.serial('outside, a new platform passes the conformance suite and type-checks', (t) => {
  const { code, stderr } = node(outside.dir, main, 'new', 'platform', 'my-own');
  t.is(code, EXIT.fine, stderr);
  const types = node(outside.dir, tsc, '-p', '.');
  t.is(types.code, 0, types.text);
  const files = readdirSync(join(outside.dir, 'platforms/my-own')).filter((file) => file.endsWith('.test.ts'));
  const tests = node(outside.dir, '--test', ...files.map((file) => join('platforms/my-own', file)));
  t.is(tests.code, 0, tests.text);
});

test.serial('it stands beside those inside: doctor, run and absence of what it lacks', (t) => {
  t.regex(node(outside.dir, main, 'doctor').stdout, /my-own .* yes/);
  const own = node(outside.dir, main, 'run', 'turn-twice', '--platform', 'my-own,null', '--rounds', '2', '--out', 'own');
  t.is(own.code, EXIT.fine, own.text);
  const lacking = node(outside.dir, main, 'run', 'word-count', '--platform', 'my-own', '--rounds', '1', '--out', 'lacking');
  t.is(lacking.code, EXIT.incomplete, lacking.text);
  t.regex(lacking.text, /UNSUPPORTED_PATTERN/);
});

test.serial('what is there is not overwritten, and a name that cannot be is refused', (t) => {
  const cases: [string[], RegExp][] = [
    [['workload', 'turn-twice'], /"turn-twice" is taken/],
    [['workload', 'chain'], /"chain" is taken/],
    [['platform', 'http'], /"http" is taken/],
    [['workload', 'Turn'], /expected a name of lower-case letters, digits and dashes, got "Turn"/],
    [['platform', 'turn-twice', '--dir', 'workloads'], /workloads.turn-twice: expected no such folder, found one that is not empty/],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = node(outside.dir, main, 'new', ...args);
    t.is(code, EXIT.badInput, args.join(' '));
    t.regex(stderr, message);
  }
});

test('inside, skeletons pass their tests, type-check and are formatted as they are', (t) => {
  const checkout = mkdtempSync(join(tmpdir(), 'checkout-'));
  try {
    for (const dir of ['workloads', 'baselines']) mkdirSync(join(checkout, dir));
    for (const shared of ['node_modules', 'tsconfig.json', 'workloads/api', 'workloads/conformance']) {
      symlinkSync(join(root, shared), join(checkout, shared));
    }
    copyFileSync(join(root, 'package.json'), join(checkout, 'package.json'));
    const { vcs: _vcs, ...biomeConfig } = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8'));
    writeFileSync(join(checkout, 'biome.json'), JSON.stringify(biomeConfig));
    for (const kind of ['workload', 'platform']) {
      const { code, text } = node(checkout, main, 'new', kind, 'fresh');
      t.is(code, EXIT.fine, text);
    }
    const tests = node(checkout, ava, 'workloads/fresh/*.test.ts', 'baselines/fresh/*.test.ts');
    t.is(tests.code, 0, tests.text);
    const types = node(checkout, tsc, '--noEmit', '-p', '.');
    t.is(types.code, 0, types.text);
    const lint = node(checkout, biome, 'check', '--error-on-warnings', 'workloads/fresh', 'baselines/fresh');
    t.is(lint.code, 0, lint.text);
  } finally {
    rmSync(checkout, { recursive: true });
  }
});
