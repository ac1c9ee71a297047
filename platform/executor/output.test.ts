import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { connectClient } from '../client/client.ts';
import { spawnRole } from '../launch/spawn.ts';
import { configureLog } from '../log/log.ts';

const POLL_MS = 10;
const POLLS = 2_000;

const CODE = `
  console.log('at the start of the module');
  export async function talk(library) {
    console.log('before', { a: 1 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    console.error('after\\nawaiting');
    process.stdout.write('x'.repeat(40_000));
    library.send(new Uint8Array(1), {}, { output: true });
  }
  export function block(library) {
    console.log('blocking');
    for (;;);
  }`;

test('What functions print is logged with node, executor, app and function, also from a thread that blocks', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'output-'));
  const logFile = join(folder, 'worker.log');
  configureLog({ level: 'info' });
  const { port, stop } = await spawnRole('worker', { name: 'talker', executors: 1, arenaBytes: 2 ** 28 }, { logFile });
  t.teardown(async () => {
    await stop();
    rmSync(folder, { recursive: true });
  });
  const client = await connectClient({ host: '127.0.0.1', port });
  t.teardown(() => client.close());
  const module = `data:text/javascript,${encodeURIComponent(CODE)}`;
  const functions = ['talk', 'block'].map((name) => ({ name, module, export: name, timeoutMs: 60_000 }));
  await client.register({ name: 'chat', functions, buckets: [], triggers: [] });
  await client.call('chat', 'talk', new Uint8Array(0));
  const blocked = client.start('chat', 'block', new Uint8Array(0));
  for (let poll = 0; poll < POLLS && !readFileSync(logFile, 'utf8').includes('blocking'); poll++) await sleep(POLL_MS);
  blocked.cancel();
  await t.throwsAsync(blocked.result, { code: 'CANCELLED' });

  const records = readFileSync(logFile, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const own = { role: 'worker', node: 'talker', executor: 1 };
  const talk = { ...own, app: 'chat', function: 'talk' };
  const seen = records.filter(({ stream }) => stream !== undefined).map(({ time, pid, ...record }) => record);
  t.deepEqual(seen, [
    { ...own, level: 'info', stream: 'stdout', msg: 'at the start of the module' },
    { ...talk, level: 'info', stream: 'stdout', msg: 'before { a: 1 }' },
    { ...talk, level: 'warn', stream: 'stderr', msg: 'after\nawaiting' },
    { ...talk, level: 'info', stream: 'stdout', msg: `${'x'.repeat(16_384)} ...` },
    { ...own, app: 'chat', function: 'block', level: 'info', stream: 'stdout', msg: 'blocking' },
  ]);
});
