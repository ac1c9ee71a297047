import test from 'ava';
import type { AppDefinition, FunctionDefinition } from '../core/app.ts';
import { appOf, endsEmpty, fn, INPUT, nodeOf, outcomeOf, textOf } from './testing/node.ts';

const POLL_MS = 20;
const POLLS = 1_000;
const BODIES = 'isolation-bodies';

function isolatedApp(functions: readonly FunctionDefinition[], more: Partial<AppDefinition> = {}): AppDefinition {
  const triggers = [
    { name: 'each', primitive: 'immediate', target: 'sink' },
    { name: 'report', primitive: 'by-set', keys: ['never'], target: 'sink' },
    { name: 'joined', primitive: 'dynamic-join', target: 'joins' },
  ] as const;
  const sinks = [fn('bench-bodies', 'sink', { export: 'pass', config: { next: 'report' } }), fn(BODIES, 'joins')];
  return appOf('isolated', [...functions, ...sinks], triggers, { isolation: 'processes', ...more });
}

function body(name: string, more: Partial<FunctionDefinition> = {}): FunctionDefinition {
  return fn(BODIES, name, more);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Waits until a process is gone. */
async function isGone(pid: number): Promise<boolean> {
  for (let poll = 0; poll < POLLS && isAlive(pid); poll++) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  return !isAlive(pid);
}

test.serial(
  'functions of an app that asks for it run in a process of their own, which is kept warm and sees little of the environment',
  async (t) => {
    const { client, pid } = await nodeOf(t, { executors: 1 });
    await client.register(isolatedApp([body('tellsProcess')]));
    const [first, second] = [
      JSON.parse(await textOf(client.call('isolated', 'tellsProcess', INPUT))),
      JSON.parse(await textOf(client.call('isolated', 'tellsProcess', INPUT))),
    ] as { pid: number; environment: string[] }[];
    t.not(first?.pid, pid);
    t.is(first?.pid, second?.pid);
    t.deepEqual(
      first?.environment.filter((name) => !['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ'].includes(name)),
      [],
    );
    await endsEmpty(t, client);
  },
);

test.serial('with shared memory switched off functions of all apps run so', async (t) => {
  const { client, pid } = await nodeOf(t, { executors: 1, sharedMemory: false });
  await client.register(isolatedApp([body('tellsProcess')], { isolation: 'threads' }));
  t.not((JSON.parse(await textOf(client.call('isolated', 'tellsProcess', INPUT))) as { pid: number }).pid, pid);
});

test.serial('an isolated function sees of its invocation what any function sees', async (t) => {
  const { client } = await nodeOf(t, { executors: 1 });
  await client.register(isolatedApp([body('tellsInvocation')]));
  const { session, ...seen } = JSON.parse(await textOf(client.call('isolated', 'tellsInvocation', INPUT))) as Record<string, unknown>;
  t.regex(String(session), /^\d+\.\d+$/);
  const input = { bucket: '', key: '', group: '', metadata: '', source: '', text: 'input' };
  t.deepEqual(seen, { app: 'isolated', fn: 'tellsInvocation', serial: 0, attempt: 1, input });
});

test.serial(
  'an isolated function creates, sends, expects and gets as any function does, and is told at once of what it does wrong',
  async (t) => {
    const { client } = await nodeOf(t);
    await client.register(isolatedApp([body('sendsAll')]));
    t.deepEqual(JSON.parse(await textOf(client.call('isolated', 'sendsAll', INPUT))), {
      ...{ keys: ['a', 'b'], absent: true, found: 'abc' },
      codes: ['UNKNOWN_BUCKET', 'INVALID_ARGUMENT', 'UNKNOWN_BUCKET'],
    });
    await endsEmpty(t, client);
  },
);

test.serial('large inputs and outputs pass through whole', async (t) => {
  const { client } = await nodeOf(t);
  await client.register(isolatedApp([body('echo')]));
  const input = Buffer.alloc(20_000_000, 'some bytes');
  const { outputs } = await client.call('isolated', 'echo', input);
  t.true(input.equals(outputs[0]?.bytes as Uint8Array));
  await endsEmpty(t, client);
});

test.serial('bodies that await share a process, as many as their function allows', async (t) => {
  const { client } = await nodeOf(t, { executors: 1 });
  await client.register(isolatedApp([body('echoLater', { concurrency: 50 })]));
  const calls = Array.from({ length: 50 }, (_, i) => textOf(client.call('isolated', 'echoLater', Buffer.from(`${i}`))));
  t.deepEqual(
    await Promise.all(calls),
    Array.from({ length: 50 }, (_, i) => `${i}`),
  );
});

test.serial('a process that crashes is one of its invocation, which runs again, up to three times; the node lives on', async (t) => {
  const { client } = await nodeOf(t, { executors: 1 });
  await client.register(isolatedApp([body('crashes'), body('crashesOnce'), body('echo')]));
  t.is(await textOf(client.call('isolated', 'crashesOnce', INPUT)), '"attempt 2"');
  const error = await t.throwsAsync(client.call('isolated', 'crashes', INPUT));
  t.regex(error?.message ?? '', /^app "isolated": function "crashes": its process ended with SIGSEGV/);
  t.is((error as { code?: string }).code, 'EXECUTOR_DIED');
  t.is(await textOf(client.call('isolated', 'echo', INPUT)), 'input');
  await endsEmpty(t, client);
});

test.serial('a function that fills the heap of its process dies of it, and its caller is told so', async (t) => {
  const { client } = await nodeOf(t, { executors: 1 });
  await client.register(isolatedApp([fn('fault-bodies', 'exhaustsHeap')], { heapMb: 32 }));
  const error = await t.throwsAsync(client.call('isolated', 'exhaustsHeap', INPUT));
  t.is((error as { code?: string }).code, 'EXECUTOR_DIED');
  t.regex(error?.message ?? '', /its memory, the heap, is full/);
  await endsEmpty(t, client);
});

test.serial('object memory that is full ends an isolated invocation with OUT_OF_MEMORY', async (t) => {
  const { client } = await nodeOf(t, { executors: 1, arenaBytes: 2 ** 26 });
  await client.register(isolatedApp([body('floods'), body('echo')]));
  t.is(await outcomeOf(client.call('isolated', 'floods', INPUT, { answer: 'all' })), 'OUT_OF_MEMORY');
  await endsEmpty(t, client);
  t.is(await textOf(client.call('isolated', 'echo', INPUT)), 'input');
});

test.serial('a function that blocks its process is ended with it when it is out of time, and its neighbours run again', async (t) => {
  const { client } = await nodeOf(t, { executors: 1 });
  await client.register(isolatedApp([body('spinsForever', { timeoutMs: 300 }), body('echoLater', { concurrency: 8 })]));
  const { outputs } = await client.call('isolated', 'spinsForever', INPUT).catch(() => ({ outputs: [] }));
  t.is(outputs.length, 0, 'an output counts only once its invocation has ended well');
  t.is(await outcomeOf(client.call('isolated', 'spinsForever', INPUT)), 'FUNCTION_TIMED_OUT');
  t.is(await textOf(client.call('isolated', 'echoLater', INPUT)), 'input');
  await endsEmpty(t, client);
});

test.serial('a cancelled call fires the signal of its isolated function', async (t) => {
  const { client } = await nodeOf(t, { executors: 1 });
  await client.register(isolatedApp([body('waitsForSignal'), body('tellsProcess')]));
  const before = JSON.parse(await textOf(client.call('isolated', 'tellsProcess', INPUT))) as { pid: number };
  const controller = new AbortController();
  const call = outcomeOf(client.call('isolated', 'waitsForSignal', INPUT, { signal: controller.signal }));
  controller.abort();
  t.is(await call, 'CANCELLED');
  await endsEmpty(t, client);
  const after = JSON.parse(await textOf(client.call('isolated', 'tellsProcess', INPUT))) as { pid: number };
  t.is(after.pid, before.pid, 'a process whose function ends in time is kept');
});

test.serial('a process that writes what is no message is ended, and harms nobody else', async (t) => {
  const { client } = await nodeOf(t, { executors: 1 });
  await client.register(isolatedApp([body('garblesPipe'), body('echo')]));
  t.is(await outcomeOf(client.call('isolated', 'garblesPipe', INPUT)), 'EXECUTOR_DIED');
  t.is(await textOf(client.call('isolated', 'echo', INPUT)), 'input');
});

test.serial('a process ends when it has had no work for a while, when its app goes, and, even blocked, with its node', async (t) => {
  const { client, pid } = await nodeOf(t, { executors: 1, idleProcessMs: 50 });
  await client.register(isolatedApp([body('tellsProcess')]));
  const idle = JSON.parse(await textOf(client.call('isolated', 'tellsProcess', INPUT))) as { pid: number };
  t.true(await isGone(idle.pid));
  await client.register({ ...isolatedApp([body('spinsForever', { export: 'tellsProcess' })]), name: 'going' });
  const going = JSON.parse(await textOf(client.call('going', 'spinsForever', INPUT))) as { pid: number };
  await client.unregister('going');
  t.true(await isGone(going.pid));
  await client.register({ ...isolatedApp([body('blocksWhere')]), name: 'blocked' });
  const where = Number(await textOf(client.call('blocked', 'blocksWhere', INPUT)));
  process.kill(pid, 'SIGKILL');
  t.true(await isGone(where));
});
