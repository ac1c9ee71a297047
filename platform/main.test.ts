import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { connectClient } from './client/client.ts';

/** Starts the command; it is ended with the test. */
function pheromone(t: ExecutionContext, ...args: string[]): ChildProcess {
  const command = fileURLToPath(new URL('../bin/pheromone.js', import.meta.url));
  const child = spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.teardown(() => child.kill('SIGTERM'));
  return child;
}

test('A node started from the command line serves clients and ends in order on SIGTERM', async (t) => {
  const child = pheromone(t, 'worker', '--executors', '1');
  const [line] = await once(child.stdout!, 'data');
  const port = Number(/listens on 127\.0\.0\.1:(\d+)/.exec(String(line))?.[1]);
  const client = await connectClient({ host: '127.0.0.1', port });
  const { executors } = await client.status();
  await client.close();
  t.is(executors.length, 1);
  child.kill('SIGTERM');
  t.deepEqual(await once(child, 'exit'), [0, null]);
});

test('After kill -9 of the launcher the node ends in order, since nobody could stop it any more', async (t) => {
  const child = pheromone(t, 'worker', '--executors', '1');
  const [line] = await once(child.stdout!, 'data');
  t.notRegex(String(line), new RegExp(`process ${child.pid}\\b`));
  child.kill('SIGKILL');
  // Closed once both have ended, the launcher and the node.
  t.deepEqual(await once(child, 'close'), [null, 'SIGKILL']);
});

for (const [args, message] of [
  [['worker', '--executors', 'many'], /--executors: expected a whole number, got "many"/],
  [['worker', '--executors', '0'], /--executors: expected a whole number from 1 to \d+, got 0/],
  [['worker', '--executor', '2'], /unknown option '--executor' \(Did you mean --executors\?\)/],
  [['wroker'], /unknown command 'wroker' \(Did you mean worker\?\)/],
] as const) {
  test(`${args.join(' ')} is refused with one line and exit code 5`, async (t) => {
    const child = pheromone(t, ...args);
    const [errors, [code]] = await Promise.all([text(child.stderr!), once(child, 'exit')]);
    t.is(code, 5);
    t.regex(errors, message);
    t.is(errors.trim().split('\n').length, 1);
  });
}
