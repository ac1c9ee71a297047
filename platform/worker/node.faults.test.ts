import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Client } from '../client/client.ts';
import type { FunctionDefinition } from '../core/app.ts';
import { type ErrorCode, PheromoneError } from '../core/errors.ts';
import { appOf, endsEmpty, fn, INPUT, nodeOf, outcomeOf, statusOnce, textOf } from './testing/node.ts';

const TIMEOUT = { timeoutMs: 150 };
/** Bodies that await share their thread with neighbours. */
const CONCURRENCY = 64;
const WORKING = ['echo', 'echoLater', 'echoMuchLater', 'waitsForSignal'].map((name) =>
  fn('fault-bodies', name, { concurrency: CONCURRENCY }),
);

function faultsApp(...faults: readonly FunctionDefinition[]) {
  const others = WORKING.filter(({ name }) => faults.every((fault) => fault.name !== name));
  return appOf(
    'faults',
    [...others, ...faults],
    [
      { name: 'group', primitive: 'dynamic-group', sources: [faults[0]?.name ?? ''], target: 'echo' },
      { name: 'join', primitive: 'dynamic-join', target: 'echo' },
    ],
  );
}

function fault(name: string, more: Partial<FunctionDefinition> = {}): FunctionDefinition {
  return fn('fault-bodies', name, { concurrency: CONCURRENCY, ...more });
}

/** Calls what goes wrong, and beside it, until it is over, what works: in place, after an await, and on the same threads all the time. */
async function amongNeighbours(t: ExecutionContext, client: Client, name: string): Promise<unknown> {
  const long = Array.from({ length: 4 }, () => textOf(client.call('faults', 'echoMuchLater', INPUT)));
  let over = false;
  const faulty = client.call('faults', name, INPUT, { answer: 'all' }).then(
    () => undefined,
    (error: unknown) => error,
  );
  void faulty.then(() => {
    over = true;
  });
  do {
    const calls = ['echo', 'echoLater'].map((neighbour) => textOf(client.call('faults', neighbour, INPUT)));
    t.deepEqual(await Promise.all(calls), ['input', 'input']);
  } while (!over);
  t.deepEqual(new Set(await Promise.all(long)), new Set(['input']));
  return faulty;
}

/** Whose functions go wrong in which way, and what their callers are told. */
const FAULTS: readonly (readonly [title: string, name: string, code: ErrorCode, message: RegExp, more?: Partial<FunctionDefinition>])[] = [
  ['that throws', 'throwsError', 'FUNCTION_FAILED', /^app "faults": function "throwsError": Error: on purpose$/],
  ['that throws undefined', 'throwsNothing', 'FUNCTION_FAILED', /function "throwsNothing": undefined$/],
  ['that throws a symbol', 'throwsSymbol', 'FUNCTION_FAILED', /Symbol\(on purpose\)$/],
  ['that throws what has no text', 'throwsTextless', 'FUNCTION_FAILED', /no text/],
  ['that throws more text than a message can carry', 'throwsLongText', 'FUNCTION_FAILED', /"throwsLongText": Error: xxx/],
  ['that rejects after an await', 'rejectsLater', 'FUNCTION_FAILED', /on purpose$/],
  ['whose thenable throws', 'returnsThrowingThenable', 'FUNCTION_FAILED', /on purpose$/],
  ['whose own promise rejects while it runs', 'straysWhileRunning', 'FUNCTION_FAILED', /"straysWhileRunning": Error: on purpose$/],
  ['whose timer throws while it runs', 'throwsInTimer', 'FUNCTION_FAILED', /"throwsInTimer": Error: on purpose$/],
  ['whose own promise rejects after its return', 'straysAfterReturn', 'FUNCTION_FAILED', /"straysAfterReturn": Error: on purpose$/],
  ['whose promise never settles', 'neverSettles', 'FUNCTION_TIMED_OUT', /"neverSettles": expected to end within 150 ms$/, TIMEOUT],
  ['that loops for ever', 'spins', 'FUNCTION_TIMED_OUT', /"spins": expected to end within 150 ms$/, TIMEOUT],
  ['that sends for ever', 'sendsForever', 'FUNCTION_TIMED_OUT', /"sendsForever": expected to end within 150 ms$/, TIMEOUT],
  ['that waits on memory for ever', 'waitsOnMemory', 'FUNCTION_TIMED_OUT', /expected to end within 150 ms$/, TIMEOUT],
  ['that holds its thread in a native call', 'holdsThread', 'FUNCTION_TIMED_OUT', /expected to end within 150 ms$/, TIMEOUT],
  ['that loops for ever after an await', 'spinsAfterAwait', 'FUNCTION_TIMED_OUT', /"spinsAfterAwait": expected to end/, TIMEOUT],
  ['that recurses for ever and sends', 'recursesAndSends', 'FUNCTION_FAILED', /Maximum call stack/],
  ['that sends to an unknown bucket', 'sendsToUnknownBucket', 'UNKNOWN_BUCKET', /expected a bucket of the app, got "nowhere"$/],
  ['that may not send to the bucket', 'exhaustsMemoryOfFiring', 'UNKNOWN_BUCKET', /registered to send to, got "group"$/, { sends: [] }],
  ['that starts an unknown function', 'sendsToUnknownFunction', 'UNKNOWN_FUNCTION', /expected a function of the app, got "nobody"$/],
  ['that sends nowhere', 'sendsNowhere', 'INVALID_ARGUMENT', /expected a bucket, a target function or \{ output: true \}, got none$/],
  ['whose key is a number', 'sendsNumberAsKey', 'INVALID_ARGUMENT', /to be strings, got number/],
  ['whose key is too long in UTF-8', 'sendsLongKey', 'INVALID_ARGUMENT', /expected at most 1024.*got 1026/],
  ['that expects what is no list of keys', 'expectsNoList', 'INVALID_ARGUMENT', /expected a string as group and a list of strings as keys/],
  ['that creates beyond the limit of an object', 'allocatesTooMuch', 'OBJECT_TOO_LARGE', /at most 1073741824 bytes, got 1073741825$/],
  ['that creates less than nothing', 'allocatesNegative', 'INVALID_ARGUMENT', /expected a whole number of bytes, got -1$/],
  ['that exhausts the object memory', 'exhaustsMemory', 'OUT_OF_MEMORY', /object memory/],
  ['whose outputs come to more than a message can carry', 'answersTooMuch', 'OBJECT_TOO_LARGE', /expected a frame of at most/],
  ['that ends its thread', 'exits', 'EXECUTOR_DIED', /"exits": its executor's thread ended under it, 3 times$/],
];

for (const [title, name, code, message, more] of FAULTS) {
  test.serial(`a function ${title} gives its caller ${code}, and its neighbours go on`, async (t) => {
    const { client } = await nodeOf(t, { executors: 2, arenaBytes: 2 ** 26 });
    await client.register(faultsApp(fault(name, more)));
    const error = (await amongNeighbours(t, client, name)) as { code: string; message: string };
    t.is(error?.code, code);
    t.regex(error.message.slice(0, 200), message);
    await endsEmpty(t, client);
  });
}

for (const name of ['exhaustsMemoryToTheLast', 'exhaustsMemoryOfFiring']) {
  test.serial(
    `where no memory is left, as ${name} does it, calls fail with OUT_OF_MEMORY or are refused with OVERLOADED, and all goes on when it is over`,
    async (t) => {
      const { client } = await nodeOf(t, { arenaBytes: 2 ** 26 });
      await client.register(faultsApp(fault(name)));
      const beside = Array.from({ length: 20 }, (_, i) => outcomeOf(client.call('faults', i % 2 === 0 ? 'echo' : 'echoLater', INPUT)));
      t.is(await outcomeOf(client.call('faults', name, INPUT, { answer: 'all' })), 'OUT_OF_MEMORY');
      for (const outcome of await Promise.all(beside)) t.true(['ok', 'OUT_OF_MEMORY', 'OVERLOADED'].includes(outcome), outcome);
      await endsEmpty(t, client);
      t.is(await textOf(client.call('faults', 'echo', INPUT)), 'input');
    },
  );
}

test.serial('a function that fills the heap of its thread dies of it, and its caller is told so', async (t) => {
  const { client } = await nodeOf(t, { executors: 1, heapMb: 48 });
  await client.register(faultsApp(fault('exhaustsHeap')));
  const error = await t.throwsAsync(client.call('faults', 'exhaustsHeap', INPUT), { instanceOf: PheromoneError });
  t.is(error?.code, 'EXECUTOR_DIED');
  t.regex(error?.message ?? '', /"exhaustsHeap": its executor's thread ended under it, 3 times: its memory, the heap, is full$/);
  t.is(await textOf(client.call('faults', 'echo', INPUT)), 'input');
  await endsEmpty(t, client);
});

test.serial('an odd thenable settles once', async (t) => {
  const { client } = await nodeOf(t);
  await client.register(faultsApp(fault('returnsOddThenable')));
  for (let i = 0; i < 20; i++) t.is(await textOf(client.call('faults', 'returnsOddThenable', INPUT)), 'odd');
  await endsEmpty(t, client);
});

test.serial("a rejection after the session is over is nobody's concern any more", async (t) => {
  const { client } = await nodeOf(t, { executors: 1 });
  await client.register(faultsApp(fault('straysAfterSession')));
  t.is(await textOf(client.call('faults', 'straysAfterSession', INPUT)), 'done');
  // Far longer than it takes the promise to be rejected.
  t.is(await textOf(client.call('faults', 'echoMuchLater', INPUT)), 'input');
  t.is((await client.status()).executors.length, 1);
  await endsEmpty(t, client);
});

test.serial('what is over may send, create and get nothing', async (t) => {
  const { client } = await nodeOf(t, { executors: 1 });
  await client.register(faultsApp(fault('leavesLibrary'), fault('usesLeftLibrary')));
  t.is(await textOf(client.call('faults', 'leavesLibrary', INPUT)), 'done');
  t.is(await textOf(client.call('faults', 'usesLeftLibrary', INPUT)), 'INVALID_ARGUMENT,INVALID_ARGUMENT,INVALID_ARGUMENT');
});

test.serial('an executor held by a native call is replaced at once', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'pheromone-'));
  t.teardown(() => rm(dir, { recursive: true }));
  const released = join(dir, 'released');
  const { client } = await nodeOf(t, { executors: 1 });
  await client.register(faultsApp(fault('holdsThreadUntil', TIMEOUT)));
  const held = outcomeOf(client.call('faults', 'holdsThreadUntil', Buffer.from(released)));
  t.is(await textOf(client.call('faults', 'echo', INPUT)), 'input');
  t.is(await held, 'FUNCTION_TIMED_OUT');
  const states = (await client.status()).executors.map(({ state }) => state);
  t.is(states.length, 2);
  t.true(states.includes('dying'));
  await writeFile(released, '');
  t.is((await statusOnce(client, ({ executors }) => executors.length === 1)).executors.length, 1);
  await endsEmpty(t, client);
});

test.serial('an invocation whose executor died runs again, and sees which attempt it is', async (t) => {
  const { client } = await nodeOf(t, { executors: 1 });
  await client.register(faultsApp(fault('exitsOnce')));
  const calls = Array.from({ length: 5 }, () => textOf(client.call('faults', 'exitsOnce', INPUT)));
  t.deepEqual(
    await Promise.all(calls),
    Array.from({ length: 5 }, () => 'attempt 2'),
  );
  await endsEmpty(t, client);
});

test.serial('a body that lets its caller wait for ever loses its thread, and the session its memory', async (t) => {
  const { client } = await nodeOf(t, { executors: 1 });
  await client.register(faultsApp(fault('neverSettles', TIMEOUT)));
  const before = (await client.status()).executors;
  t.is(await outcomeOf(client.call('faults', 'neverSettles', INPUT)), 'FUNCTION_TIMED_OUT');
  await endsEmpty(t, client);
  t.notDeepEqual((await client.status()).executors, before);
});
