import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'ava';
import { fakeSource, invoked } from './fake-driver.ts';
import { finishRun, ofKind, outcomes } from './fake-run.ts';
import { isAlive } from './processes.ts';

test('an interrupt while a platform starts leaves nothing behind', async (t) => {
  const interrupt = new AbortController();
  const started = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  const start = () => {
    interrupt.abort();
    return started.promise;
  };
  const run = await finishRun([fakeSource('late', { start, stop: async () => stopped.resolve() })], { signal: interrupt.signal });
  t.is(run.manifest.state, 'interrupted');
  started.resolve();
  await t.notThrowsAsync(stopped.promise);
});

async function idleProcess() {
  const started = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  await once(started, 'spawn');
  return started;
}

test('a platform whose process dies is reported and absent from there on', async (t) => {
  const victim = await idleProcess();
  let calls = 0;
  const invoke = async (input: Uint8Array) => {
    if (++calls === 3) {
      victim.kill('SIGKILL');
      await once(victim, 'exit');
    }
    return invoked(input);
  };
  const run = await finishRun([fakeSource('mortal', { invoke, pids: () => [victim.pid!] }), fakeSource('good')], { rounds: 5 });
  t.is(outcomes(run, 'mortal').length, 2);
  t.is(outcomes(run, 'good').length, 5);
  t.deepEqual(
    ofKind(run, 'absent').map(({ platform, workload, code }) => [platform, workload, code]),
    [['mortal', undefined, 'PROCESS_DIED']],
  );
});

test('a process that its platform replaces is reported, and the platform goes on', async (t) => {
  let current = await idleProcess();
  let calls = 0;
  const invoke = async (input: Uint8Array) => {
    if (++calls === 2) {
      const [old, next] = [current, await idleProcess()];
      current = next;
      old.kill('SIGKILL');
      await once(old, 'exit');
    }
    return invoked(input);
  };
  const stop = async () => {
    current.kill('SIGKILL');
    await once(current, 'exit');
  };
  const run = await finishRun([fakeSource('phoenix', { invoke, stop, pids: () => [current.pid!] })]);
  t.deepEqual(outcomes(run, 'phoenix'), ['ok', 'ok', 'ok']);
  t.deepEqual(
    ofKind(run, 'incident').map(({ code }) => code),
    ['PROCESS_REPLACED'],
  );
});

test('a process that outlives the stop is killed and reported', async (t) => {
  const orphan = await idleProcess();
  const run = await finishRun([fakeSource('careless', { pids: () => [orphan.pid!] })], { rounds: 1 });
  t.deepEqual(
    ofKind(run, 'incident').map(({ code }) => code),
    ['PROCESS_LEFT'],
  );
  if (orphan.exitCode === null && orphan.signalCode === null) await once(orphan, 'exit');
  t.false(isAlive(orphan.pid!));
});
