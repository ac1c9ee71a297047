import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import { isAlive } from './processes.ts';
import { fakeSource, invoked } from './testing/fake-driver.ts';
import { finishRun, ofKind, outcomes } from './testing/fake-run.ts';

test('an interrupt while a platform starts waits for it to come up, and stops it', async (t) => {
  const interrupt = new AbortController();
  let stopped = false;
  const start = async () => {
    interrupt.abort();
    // Later than the run has been told to end.
    for (let turn = 0; turn < 10; turn++) await setImmediate();
  };
  const stop = async () => {
    stopped = true;
  };
  const run = await finishRun([fakeSource('late', { start, stop })], { signal: interrupt.signal });
  t.is(run.manifest.state, 'interrupted');
  t.true(stopped);
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
