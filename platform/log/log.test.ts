import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';

const LOG = JSON.stringify(new URL('./log.ts', import.meta.url).href);

/** What a process writes to stderr that runs `code` with `openLog` and `configureLog`. */
function written(code: string, env: NodeJS.ProcessEnv = {}): string {
  const script = `const { openLog, configureLog } = await import(${LOG});\n${code}`;
  const { stderr, status, stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
    env: { ...process.env, PHEROMONE_LOG_LEVEL: 'info', ...env },
  });
  if (status !== 0 || stdout !== '') throw new Error(`expected an end in order and nothing on stdout, got ${status}, ${stdout}, ${stderr}`);
  return stderr;
}

const recordsOf = (text: string): Record<string, unknown>[] =>
  text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Record<string, unknown>]));

test('A record is one line of JSON on stderr, with its time, its process and the facts of its log', (t) => {
  const [record, ...more] = recordsOf(written(`openLog({ role: 'worker' }).child({ node: 'w1' }).info('ready', { port: 7 });`));
  t.deepEqual(more, []);
  t.like(record, { level: 'info', role: 'worker', node: 'w1', port: 7, msg: 'ready' });
  t.regex(String(record?.time), /^\d{4}-\d\d-\d\dT.*Z$/);
  t.is(typeof record?.pid, 'number');
});

test('An error is written with its message and its stack, on one line', (t) => {
  const [record] = recordsOf(written(`openLog({}).error('failed', { err: new RangeError('too far') });`));
  t.like(record?.err, { type: 'RangeError', message: 'too far' });
});

for (const [level, expected] of [
  ['error', ['error']],
  ['warn', ['error', 'warn']],
  ['debug', ['error', 'warn', 'info', 'debug']],
  ['silent', []],
  [undefined, ['error', 'warn']],
] as const) {
  test(`With level ${level ?? 'left out'} these are written: ${expected.join(', ') || 'none'}`, (t) => {
    const text = written(
      `configureLog({ level: ${JSON.stringify(level)} });
       const log = openLog({}); for (const level of ['error', 'warn', 'info', 'debug']) log[level]('x');`,
      { PHEROMONE_LOG_LEVEL: '' },
    );
    t.deepEqual(
      recordsOf(text).map((record) => record.level),
      [...expected],
    );
  });
}

test('Threads write by themselves, where their process was told to', (t) => {
  const file = join(tmpdir(), `log-test-${process.pid}.jsonl`);
  t.teardown(() => rmSync(file, { force: true }));
  const thread = `const { openLog } = await import(${LOG.replaceAll('"', "'")}); openLog({ role: 'executor' }).warn('blocked'); for (;;);`;
  const text = written(`
    configureLog({ file: ${JSON.stringify(file)} });
    openLog({ role: 'worker' }).info('up');
    const { Worker } = await import('node:worker_threads');
    const { readFileSync } = await import('node:fs');
    const worker = new Worker(new URL(${JSON.stringify(`data:text/javascript,${encodeURIComponent(thread)}`)}));
    while (!readFileSync(${JSON.stringify(file)}, 'utf8').includes('blocked')) await new Promise((resolve) => setTimeout(resolve, 5));
    await worker.terminate();`);
  t.is(text, '');
  t.deepEqual(
    recordsOf(readFileSync(file, 'utf8')).map(({ role, msg }) => [role, msg]),
    [
      ['worker', 'up'],
      ['executor', 'blocked'],
    ],
  );
});
