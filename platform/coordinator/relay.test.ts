import test from 'ava';
import { LIMITS } from '../core/limits.ts';
import { app } from '../core/testing/definitions.ts';
import { proxyOf } from '../wire/testing/proxy.ts';
import { clusterOf, until } from './testing/cluster.ts';
import { type FakeWorker, fakeWorker, type Given } from './testing/fake-worker.ts';

const INPUT = Buffer.from('input');
/** In each a call can be lost by two workers. */
const ROUNDS = 5;
const later: (given: Given) => void = () => {};

/** Dies as soon as it is given a session. */
const dies = ({ worker }: Given): void => void worker.kill();

test('a call whose worker dies runs on another one with the same input, and is answered once', async (t) => {
  const dying = await fakeWorker(t, 'dying', { run: dies });
  const { client, see } = await clusterOf(t, [dying]);
  await client.register(app());
  const call = client.call('x', 'f', INPUT);
  await until(() => dying.given.length === 1);
  const other = await fakeWorker(t, 'other');
  await see([dying, other]);
  t.true(INPUT.equals((await call).outputs[0]!.bytes));
  t.true(INPUT.equals(other.given[0]!.payload));
  t.is(other.given.length, 1);
});

test('a worker that has left the view is lost, though its connection stands', async (t) => {
  const paused = await fakeWorker(t, 'paused', { run: later });
  const other = await fakeWorker(t, 'other');
  const { client, see } = await clusterOf(t, [paused]);
  await client.register(app());
  const call = client.call('x', 'f', INPUT);
  await until(() => paused.given.length === 1);
  await see([other]);
  await call;
  // What it answers after all is of no consequence.
  paused.given[0]!.answer(Buffer.from('late'));
  t.is(other.given.length, 1);
});

test('a worker that a silent network keeps away is lost after a while, though the view has it', async (t) => {
  const far = await fakeWorker(t, 'far', { run: later });
  const near = await fakeWorker(t, 'near');
  const { client, see } = await clusterOf(t, [], { pingMs: 20, silenceMs: 100 });
  const network = await proxyOf(t, far.member.port);
  const member = { ...far.member, port: network.port };
  await see([], [member]);
  await client.register(app());
  const call = client.call('x', 'f', INPUT);
  await until(() => far.given.length === 1);
  network.silence();
  await see([near], [member]);
  await call;
  t.is(near.given.length, 1);
});

test('a call whose connection was cut off runs again on the same worker once it can be reached', async (t) => {
  let cuts = 0;
  const worker: FakeWorker = await fakeWorker(t, 'w', {
    run: ({ answer }) => {
      cuts += 1;
      if (cuts < LIMITS.attempts) worker.cutOff();
      else answer();
    },
  });
  const { client } = await clusterOf(t, [worker]);
  await client.register(app());
  await client.call('x', 'f', INPUT);
  t.is(worker.given.length, LIMITS.attempts);
});

test('a call that loses every worker fails with NODE_LOST after so many runs', async (t) => {
  const workers = await Promise.all(Array.from({ length: LIMITS.attempts + 2 }, (_, i) => fakeWorker(t, `w${i}`, { run: dies })));
  const { client } = await clusterOf(t, workers);
  await client.register(app());
  await t.throwsAsync(client.call('x', 'f', INPUT), { code: 'NODE_LOST', message: /was lost in run 3 of the session/ });
  t.is(workers.flatMap(({ given }) => given).length, LIMITS.attempts);
});

test('nothing runs again where the app says so', async (t) => {
  const [dying, other] = await Promise.all([fakeWorker(t, 'dying', { run: dies }), fakeWorker(t, 'other', { run: dies })]);
  const { client } = await clusterOf(t, [dying, other]);
  await client.register(app({ recovery: { level: 'off' } }));
  await t.throwsAsync(client.call('x', 'f', INPUT), { code: 'NODE_LOST', message: /was lost in run 1 of the session/ });
  t.is(dying.given.length + other.given.length, 1);
});

test('the deadline of a call is that of all its runs', async (t) => {
  const dying = await fakeWorker(t, 'dying', { run: later });
  const { client, see } = await clusterOf(t, [dying]);
  await client.register(app());
  const call = client.call('x', 'f', INPUT, { deadlineMs: 60_000 });
  await until(() => dying.given.length === 1);
  const other = await fakeWorker(t, 'other', { run: later });
  await see([other]);
  await until(() => other.given.length === 1);
  t.true(other.given[0]!.message.deadlineMs! < dying.given[0]!.message.deadlineMs!);
  other.given[0]!.answer();
  await call;
});

test('a call that was given up does not run again when its worker is lost', async (t) => {
  const paused = await fakeWorker(t, 'paused', { run: later });
  const other = await fakeWorker(t, 'other');
  const { client, coordinator, see } = await clusterOf(t, [paused]);
  await client.register(app());
  const run = client.start('x', 'f', INPUT);
  await until(() => paused.given.length === 1);
  run.cancel();
  await until(() => paused.told('cancel').length === 1);
  await see([other]);
  await coordinator.drain();
  t.is(other.given.length, 0);
});

test('a client that goes away has its calls given up', async (t) => {
  const worker = await fakeWorker(t, 'w', { run: later });
  const { client } = await clusterOf(t, [worker]);
  await client.register(app());
  client.call('x', 'f', INPUT).catch(() => {});
  await until(() => worker.given.length === 1);
  await client.close();
  await until(() => worker.told('cancel').length === 1);
  t.pass();
});

test('of many calls on workers that come and go each gets its own answer, once', async (t) => {
  const { client, see } = await clusterOf(t, []);
  await client.register(app({ recovery: { level: 'function', attempts: 2 * ROUNDS } }));
  const answers: number[] = [];
  const calls = Array.from({ length: 200 }, async (_, i) => {
    const { outputs } = await client.call('x', 'f', Buffer.from(String(i)));
    answers.push(Number(Buffer.from(outputs[0]!.bytes).toString()));
  });
  let runs = 0;
  // Answers every other session late, and never those that it had when it died.
  const run = ({ answer }: Given): void => void (runs++ % 2 === 0 ? answer() : setTimeout(answer, 20));
  let alive: FakeWorker[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const fresh = await Promise.all(['a', 'b'].map((name) => fakeWorker(t, `${name}${round}`, { run })));
    await see([...alive, ...fresh]);
    await Promise.all(alive.map((worker) => worker.kill()));
    await see(fresh);
    alive = fresh;
  }
  await Promise.all(calls);
  t.deepEqual(
    answers.sort((a, b) => a - b),
    Array.from({ length: 200 }, (_, i) => i),
  );
});

test('while it drains, sessions under way go on and new ones are refused', async (t) => {
  const worker = await fakeWorker(t, 'w', { run: later });
  const { client, coordinator } = await clusterOf(t, [worker]);
  await client.register(app());
  const call = client.call('x', 'f', INPUT);
  await until(() => worker.given.length === 1);
  const drained = coordinator.drain();
  await t.throwsAsync(client.call('x', 'f', INPUT), { code: 'OVERLOADED', message: /coordinator "c" ends/ });
  worker.given[0]!.answer();
  await call;
  await drained;
});
