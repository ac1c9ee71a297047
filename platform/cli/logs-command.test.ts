import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { EXIT } from './exit-codes.ts';
import { run, start } from './testing/command.ts';

const state = mkdtempSync(join(tmpdir(), 'logs-command-'));
test.after.always(() => rmSync(state, { recursive: true }));

const record = (second: number, msg: string, facts: object): string =>
  `${JSON.stringify({ level: 'warn', time: `2026-01-01T00:00:0${second}.000Z`, pid: 1, ...facts, msg })}\n`;
const log = (name: string): string => join(state, 'logs', `${name}.log`);

mkdirSync(join(state, 'logs'));
writeFileSync(log('manager'), record(1, 'view', { role: 'manager', members: 2 }));
writeFileSync(
  log('worker-1'),
  record(2, 'slow', { role: 'worker', node: 'worker-1', session: 's7' }) +
    record(3, 'failed', { role: 'worker', node: 'worker-1', err: { message: 'no', stack: 'Error: no\n    at f' } }),
);

const logs = async (...flags: string[]): Promise<string> => (await run(['logs', '--state', state, ...flags])).stdout.toString();

test.serial('Logs of all processes are shown in order, with what a record says besides, and errors with their stacks', async (t) => {
  t.is(
    await logs(),
    [
      '00:00:01.000 manager        warn  view members=2',
      '00:00:02.000 worker-1       warn  slow session=s7',
      '00:00:03.000 worker-1       warn  failed',
      'Error: no',
      '    at f',
      '',
    ].join('\n'),
  );
});

test.serial('Logs can be narrowed to a role, a process, a session and the last lines', async (t) => {
  t.regex(await logs('--role', 'manager'), /^\S+ manager .*\n$/);
  t.regex(await logs('--process', 'worker-1', '--lines', '1', '--json'), /^\{.*"msg":"failed"\}\n$/);
  t.regex(await logs('--session', 's7'), /^\S+ worker-1 +warn +slow session=s7\n$/);
});

test.serial('Logs can be followed, also those of processes that come later', async (t) => {
  const { child, ended, said } = start(['logs', '-f', '--state', state]);
  await said(/failed/);
  appendFileSync(log('manager'), record(4, 'another view', { role: 'manager' }));
  await said(/another view/);
  writeFileSync(log('worker-2'), record(5, 'late', { role: 'worker' }));
  await said(/worker-2 +warn +late/);
  child.kill('SIGINT');
  t.is((await ended).code, EXIT.fine);
});
