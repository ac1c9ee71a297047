import test from 'ava';
import type { PheromoneError } from '../core/errors.ts';
import { app, fn } from '../core/testing/definitions.ts';
import { countersOf } from '../wire/counters.ts';
import { spanOf } from '../wire/testing/spans.ts';
import { clusterOf, until } from './testing/cluster.ts';
import { fakeWorker, type Given } from './testing/fake-worker.ts';

const INPUT = Buffer.from('input');
const later: (given: Given) => void = () => {};

test('a call runs on a worker, and its outputs, their bytes and its trace come back as they are', async (t) => {
  const worker = await fakeWorker(t, 'w');
  const { client } = await clusterOf(t, [worker]);
  await client.register(app());
  const { outputs, spans } = await client.call('x', 'f', INPUT, { trace: true, deadlineMs: 60_000, answer: 'all' });
  t.deepEqual(outputs, [{ source: 'f', key: 'k', group: '', bytes: new Uint8Array(INPUT) }]);
  t.is(spans.length, 1);
  t.like(spans[0], spanOf('f', 3, 4));
  const { message } = worker.given[0]!;
  t.like(message, { type: 'call', app: 'x', fn: 'f', answer: 'all', trace: true });
  t.true(message.deadlineMs! > 0 && message.deadlineMs! <= 60_000);
});

test('inputs and outputs of any size pass through', async (t) => {
  const worker = await fakeWorker(t, 'w');
  const { client } = await clusterOf(t, [worker], { keptBytes: 2 ** 30 });
  await client.register(app());
  for (const size of [0, 1, 65_536, 65_537, 5_000_000]) {
    const input = Buffer.alloc(size, 'pheromone');
    const { outputs } = await client.call('x', 'f', input);
    t.true(input.equals(outputs[0]!.bytes), `${size} bytes`);
  }
});

test('calls spread over the workers, and each is answered by its own', async (t) => {
  const workers = await Promise.all(['v', 'w'].map((name) => fakeWorker(t, name, { run: later })));
  const { client } = await clusterOf(t, workers);
  await client.register(app());
  const calls = Array.from({ length: 8 }, (_, i) => client.call('x', 'f', Buffer.from([i])));
  await until(() => workers[0]!.given.length + workers[1]!.given.length === 8);
  t.deepEqual(
    workers.map(({ given }) => given.length),
    [4, 4],
  );
  for (const { given } of workers) for (const { answer } of given.toReversed()) answer();
  t.deepEqual(
    (await Promise.all(calls)).map(({ outputs }) => outputs[0]!.bytes[0]),
    [0, 1, 2, 3, 4, 5, 6, 7],
  );
});

test('an app, a function or a definition that there is not is refused as by a node', async (t) => {
  const { client } = await clusterOf(t, [await fakeWorker(t, 'w')]);
  await t.throwsAsync(client.call('x', 'f', INPUT), { code: 'UNKNOWN_APP' });
  await t.throwsAsync(client.unregister('x'), { code: 'UNKNOWN_APP' });
  await t.throwsAsync(client.subscribe('x', { onOutput: () => {} }), { code: 'UNKNOWN_APP' });
  for (const name of ['', 7 as never]) await t.throwsAsync(client.register(app({ name })), { code: 'INVALID_APP' });
  await client.register(app());
  await t.throwsAsync(client.call('x', 'h', INPUT), { code: 'UNKNOWN_FUNCTION', message: /got "h"/ });
});

test("an error of the worker's reaches the caller as it is", async (t) => {
  const worker = await fakeWorker(t, 'w', { run: ({ fail }) => fail('FUNCTION_FAILED', 'f: it threw') });
  const { client } = await clusterOf(t, [worker]);
  await client.register(app());
  await t.throwsAsync(client.call('x', 'f', INPUT), { code: 'FUNCTION_FAILED', message: 'f: it threw' });
  t.is(worker.given.length, 1);
});

test('a function only runs on workers that have what it requires', async (t) => {
  const plain = await fakeWorker(t, 'plain');
  const { client, see } = await clusterOf(t, [plain], { workerWaitMs: 30 });
  await client.register(app({ functions: [fn('f', { requires: ['gpu'] }), fn('g')] }));
  await t.throwsAsync(client.call('x', 'f', INPUT), { code: 'NO_NODE', message: /expected a worker that can run "f" within 30 ms/ });
  const gifted = await fakeWorker(t, 'gifted', { labels: ['gpu'] });
  await see([plain, gifted]);
  await until(() => gifted.version('x') === 1);
  await client.call('x', 'f', INPUT);
  t.is(gifted.given.length, 1);
});

test('a call waits for a worker, and runs as soon as there is one', async (t) => {
  const { client, see } = await clusterOf(t, []);
  await client.register(app());
  const call = client.call('x', 'f', INPUT);
  const worker = await fakeWorker(t, 'w');
  await see([worker]);
  t.true(INPUT.equals((await call).outputs[0]!.bytes));
  t.is(worker.version('x'), 1);
});

test('a call that nobody can take within the time fails with NO_NODE', async (t) => {
  const { client } = await clusterOf(t, [], { workerWaitMs: 20 });
  await client.register(app());
  const error = await t.throwsAsync<PheromoneError>(client.call('x', 'f', INPUT), { code: 'NO_NODE' });
  t.true(error?.retryable);
});

test('a worker that has no room, or drains, is passed over', async (t) => {
  const full = await fakeWorker(t, 'full', { run: ({ decline }) => decline() });
  const free = await fakeWorker(t, 'free');
  const { client, see } = await clusterOf(t, [full, free]);
  await client.register(app());
  await Promise.all(Array.from({ length: 6 }, () => client.call('x', 'f', INPUT)));
  t.is(free.given.length, 6);
  await see([full]);
  await t.throwsAsync(client.call('x', 'f', INPUT), { code: 'OVERLOADED', message: /expected a worker with room, full had none/ });
});

test('a worker that says that it drains gets nothing more', async (t) => {
  const [leaving, staying] = await Promise.all([fakeWorker(t, 'leaving', { run: later }), fakeWorker(t, 'staying', { run: later })]);
  const { client } = await clusterOf(t, [leaving, staying]);
  await client.register(app());
  leaving.load({ draining: true });
  leaving.tell({ type: 'place', id: 1, app: 'x', fn: 'f', count: 1, inputs: [], exclude: [] });
  await until(() => leaving.told('placed').length === 1);
  for (let i = 0; i < 4; i++) client.call('x', 'f', INPUT).catch(() => {});
  await until(() => staying.given.length === 4);
  t.is(leaving.given.length, 0);
});

test('a caller that gives up has its session given up, too', async (t) => {
  const worker = await fakeWorker(t, 'w', { run: later });
  const { client } = await clusterOf(t, [worker]);
  await client.register(app());
  const run = client.start('x', 'f', INPUT);
  await until(() => worker.given.length === 1);
  run.cancel();
  await until(() => worker.told('cancel').length === 1);
  t.is(worker.told('cancel')[0]?.id, worker.given[0]?.message.id);
  await t.throwsAsync(run.result, { code: 'CANCELLED' });
});

test('a deadline holds also where the worker says nothing, and where there is none', async (t) => {
  const worker = await fakeWorker(t, 'w', { run: later });
  const { client, see } = await clusterOf(t, [worker]);
  await client.register(app());
  await t.throwsAsync(client.call('x', 'f', INPUT, { deadlineMs: 40 }), { code: 'DEADLINE_EXCEEDED', message: /its deadline, 40 ms/ });
  await until(() => worker.told('cancel').length === 1);
  await see([]);
  await t.throwsAsync(client.call('x', 'f', INPUT, { deadlineMs: 40 }), { code: 'DEADLINE_EXCEEDED' });
});

test('sessions, and the bytes that they keep, are bounded', async (t) => {
  const worker = await fakeWorker(t, 'w', { run: later });
  const { client } = await clusterOf(t, [worker], { sessions: 2, keptBytes: 100 });
  await client.register(app());
  const large = client.call('x', 'f', Buffer.alloc(90));
  await t.throwsAsync(client.call('x', 'f', Buffer.alloc(20)), {
    code: 'OVERLOADED',
    message: /at most 100 bytes of inputs under way, 90 are/,
  });
  const small = client.call('x', 'f', Buffer.alloc(1));
  await t.throwsAsync(client.call('x', 'f', Buffer.alloc(1)), { code: 'OVERLOADED', message: /at most 2 sessions at once/ });
  for (const { answer } of worker.given) answer();
  await Promise.all([large, small]);
  const again = client.call('x', 'f', Buffer.alloc(100));
  await until(() => worker.given.length === 3);
  worker.given[2]!.answer();
  await again;
});

test('the status tells of all workers together and of each', async (t) => {
  const workers = await Promise.all(['v', 'w'].map((name) => fakeWorker(t, name)));
  const { client } = await clusterOf(t, workers);
  await client.register(app());
  await client.call('x', 'f', INPUT);
  const status = await client.status();
  t.like(status, { sessions: 1, memory: { usedBytes: 20, arenaBytes: 200 }, counters: countersOf(() => 2), apps: ['x'] });
  t.deepEqual(
    status.executors.map(({ index }) => index),
    [0, 1],
  );
  t.deepEqual(
    status.nodes?.map(({ name, memory }) => [name, memory.usedBytes]),
    [
      ['v', 10],
      ['w', 10],
    ],
  );
});

test('an invocation is placed on a node that begins it at once, and else stays where it is', async (t) => {
  const [busy, idle] = await Promise.all([fakeWorker(t, 'busy'), fakeWorker(t, 'idle', { executors: 3 })]);
  const { client } = await clusterOf(t, [busy, idle]);
  await client.register(app());
  const ask = async (id: number, count: number, exclude: readonly string[] = []) => {
    busy.tell({ type: 'place', id, app: 'x', fn: 'f', count, inputs: [{ node: 'busy', bytes: 10 }], exclude });
    await until(() => busy.told('placed').some((placed) => placed.id === id));
    return busy.told('placed').find((placed) => placed.id === id);
  };
  t.deepEqual(await ask(1, 5), { type: 'placed', id: 1, node: 'idle', count: 3, leaseMs: 20 });
  t.like(await ask(2, 1, ['idle']), { node: '', count: 0 });
  idle.load({ idle: 0, executors: 3 });
  let id = 3;
  await until(async () => (await ask(id++, 1))?.node === '');
  idle.load({ idle: 1, executors: 3 });
  await until(async () => (await ask(id++, 5))?.count === 1);
});

test('what a node cannot run itself is placed on a busy one, too', async (t) => {
  const asks = await fakeWorker(t, 'asks');
  const gifted = await fakeWorker(t, 'gifted', { labels: ['gpu'], executors: 1 });
  const { client } = await clusterOf(t, [asks, gifted]);
  await client.register(app({ functions: [fn('f', { requires: ['gpu'] }), fn('g')] }));
  gifted.load({ idle: 0, executors: 1, waiting: 5 });
  await client.call('x', 'f', INPUT);
  asks.tell({ type: 'place', id: 1, app: 'x', fn: 'f', count: 9, inputs: [], exclude: [] });
  await until(() => asks.told('placed').length === 1);
  t.like(asks.told('placed')[0], { node: 'gifted', count: 1 });
});
