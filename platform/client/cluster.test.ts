import { setTimeout as wait } from 'node:timers/promises';
import test from 'ava';
import {
  APPS,
  clientOf,
  coordinatorOf,
  type FakeCoordinator,
  failing,
  INPUT,
  managerOf,
  obliging,
  pairOf,
  silent,
  until,
  untilAsked,
} from './testing/fake-cluster.ts';
import { app, type Behaviour, failsWith } from './testing.ts';

const POLL_MS = 10;

test('each app is asked for at the one coordinator that owns it', async (t) => {
  const manager = await managerOf(t);
  const coordinators = await Promise.all(['c1', 'c2', 'c3'].map((name) => coordinatorOf(t, manager, name, obliging)));
  const client = await clientOf(t, manager);
  const other = await clientOf(t, manager);
  for (const name of APPS) {
    await client.register({ ...app, name });
    const { outputs } = await other.call(name, 'f', INPUT);
    t.deepEqual(outputs[0]?.bytes, INPUT);
    await client.feed(name, 'f', INPUT);
    await client.unregister(name);
  }
  for (const name of APPS) {
    const asked = ['register', 'call', 'feed', 'unregister'].map((type) => `${type} ${name}`);
    const owners = coordinators.filter((coordinator) => coordinator.asked.some((line) => line.endsWith(` ${name}`)));
    t.deepEqual(
      owners.map((owner) => owner.asked.filter((line) => line.endsWith(` ${name}`))),
      [asked],
    );
  }
  t.true(coordinators.every(({ asked }) => asked.length > 0));
});

test('a call whose coordinator dies rejects, and later ones go to the next owner', async (t) => {
  const { client, a, b, name } = await pairOf(t, silent, obliging);
  const call = client.call(name, 'f', INPUT);
  await until('the call', () => a.asked.includes(`call ${name}`));
  await a.die();
  await failsWith(t, call, 'DISCONNECTED', /./);
  await untilAsked(b, client, name);
  await t.notThrowsAsync(client.call(name, 'f', INPUT));
});

test('a call whose coordinator leaves the cluster without a word rejects, though its connection is open', async (t) => {
  const { client, a, name } = await pairOf(t, silent, obliging);
  const call = client.call(name, 'f', INPUT);
  await until('the call', () => a.asked.includes(`call ${name}`));
  await a.membership.leave();
  await failsWith(t, call, 'DISCONNECTED', /^coordinator c1: it is no member of the cluster any more$/);
});

test('a coordinator that leaves in order has time for its last answers', async (t) => {
  const { client, a, b, name } = await pairOf(t, silent, obliging);
  const call = client.call(name, 'f', INPUT);
  await until('the call', () => a.asked.includes(`call ${name}`));
  await a.membership.drain();
  await untilAsked(b, client, name);
  await a.membership.leave();
  await wait(POLL_MS);
  a.connection().send({ type: 'result', id: 1, outputs: [], spans: [] });
  a.connection().close();
  t.deepEqual(await call, { outputs: [], spans: [] });
});

test('a coordinator that leaves in order and then says nothing is not waited for', async (t) => {
  const { client, a, b, name } = await pairOf(t, silent, obliging);
  const call = client.call(name, 'f', INPUT);
  await until('the call', () => a.asked.includes(`call ${name}`));
  await a.membership.drain();
  await untilAsked(b, client, name);
  await a.membership.leave();
  await failsWith(t, call, 'DISCONNECTED', /^coordinator c1: it is no member of the cluster any more$/);
});

test('with retries a call outlives its coordinator', async (t) => {
  for (const end of ['die', 'leave'] as const) {
    const { client, a, b, name } = await pairOf(t, silent, obliging, { retries: 20 });
    const call = client.call(name, 'f', INPUT);
    await until('the call', () => a.asked.includes(`call ${name}`));
    await (end === 'die' ? a.die() : a.membership.leave());
    t.deepEqual((await call).outputs[0]?.bytes, INPUT);
    t.is(b.asked.filter((line) => line === `call ${name}`).length, 1);
  }
});

test('what fails with a retryable code is tried again as often as was asked for, and no more', async (t) => {
  const manager = await managerOf(t);
  await coordinatorOf(t, manager, 'c1', failing(3, 'OVERLOADED'));
  const client = await clientOf(t, manager, { retries: 1 });
  await failsWith(t, client.call('a', 'f', INPUT), 'OVERLOADED', /^not now$/);
  t.deepEqual((await client.call('a', 'f', INPUT)).outputs[0]?.bytes, INPUT);
});

test('a call that finds no coordinator waits for one that takes its place', async (t) => {
  const manager = await managerOf(t);
  const { die } = await coordinatorOf(t, manager, 'c1', obliging);
  const client = await clientOf(t, manager);
  await die();
  await until('no coordinator', () => manager.view.members.length === 0);
  const call = client.call('a', 'f', INPUT);
  await coordinatorOf(t, manager, 'c2', obliging);
  t.deepEqual((await call).outputs[0]?.bytes, INPUT);
});

test('what fails for good is not tried again', async (t) => {
  const manager = await managerOf(t);
  const { asked } = await coordinatorOf(t, manager, 'c1', failing(1, 'FUNCTION_FAILED'));
  const client = await clientOf(t, manager, { retries: 5 });
  await failsWith(t, client.call('a', 'f', INPUT), 'FUNCTION_FAILED', /^not now$/);
  t.deepEqual(asked, ['call a']);
});

test('a coordinator that does not own the app yet is asked again, without retries, though not for ever', async (t) => {
  const manager = await managerOf(t);
  let isOwner = false;
  const behave: Behaviour = (...event) => (isOwner ? obliging : failing(1, 'WRONG_COORDINATOR'))(...event);
  const { asked } = await coordinatorOf(t, manager, 'c1', behave);
  const client = await clientOf(t, manager);
  const call = client.call('a', 'f', INPUT);
  await until('a second attempt', () => asked.length > 1);
  isOwner = true;
  t.deepEqual((await call).outputs[0]?.bytes, INPUT);
  isOwner = false;
  await failsWith(t, client.call('a', 'f', INPUT), 'WRONG_COORDINATOR', /^not now$/);
});

test('deadline, signal and cancel end a call also between two attempts', async (t) => {
  const manager = await managerOf(t);
  await coordinatorOf(t, manager, 'c1', failing(Number.POSITIVE_INFINITY, 'OVERLOADED'));
  const client = await clientOf(t, manager, { retries: 1_000 });
  await failsWith(
    t,
    client.call('a', 'f', INPUT, { deadlineMs: 50 }),
    'DEADLINE_EXCEEDED',
    /^call: expected an answer within 50 ms, got none$/,
  );
  const abort = new AbortController();
  const aborted = client.call('a', 'f', INPUT, { signal: abort.signal });
  const run = client.start('a', 'f', INPUT);
  await wait(30);
  abort.abort();
  run.cancel();
  await failsWith(t, aborted, 'CANCELLED', /cancelled by the caller|had fired/);
  await failsWith(t, run.result, 'CANCELLED', /cancelled by the caller/);
});

test('a run is cancelled where it runs', async (t) => {
  const { client, a, name } = await pairOf(t, silent, obliging);
  const run = client.start(name, 'f', INPUT);
  await until('the call', () => a.asked.includes(`call ${name}`));
  run.cancel();
  await failsWith(t, run.result, 'CANCELLED', /cancelled by the caller/);
  await until('the cancel', () => a.asked.includes('cancel'));
});

test('a subscription goes where its app goes, and says where something may be missing', async (t) => {
  const { client, a, b, name } = await pairOf(t, obliging, obliging);
  const outputs: string[] = [];
  const faults: string[] = [];
  const subscription = await client.subscribe(name, {
    onOutput: (result) => outputs.push(result.outputs[0]!.key),
    onFault: ({ code }) => faults.push(code),
  });
  const send = (from: FakeCoordinator, key: string): void =>
    from.connection().send({ type: 'event', subscription: 1, outputs: [{ source: 'f', key, group: '', size: 0 }], spans: [] });
  const isSubscribed = ({ asked }: FakeCoordinator): boolean => asked.includes(`subscribe ${name}`);
  t.true(isSubscribed(a));
  send(a, 'before');
  await until('the first output', () => outputs.length === 1);
  await a.die();
  await until('the next subscription', () => isSubscribed(b));
  send(b, 'after');
  await until('the second output', () => outputs.length === 2);
  t.deepEqual(outputs, ['before', 'after']);
  t.deepEqual(faults, ['NODE_LOST']);
  await subscription.close();
  t.true(b.asked.includes('unsubscribe'));
});

test('a client that is closed rejects what is under way and ends its subscriptions, once', async (t) => {
  const { client, name } = await pairOf(t, silent, silent);
  const faults: string[] = [];
  await client.subscribe(name, { onOutput: () => {}, onFault: ({ code }) => faults.push(code) });
  const call = client.call(name, 'f', INPUT);
  const rejected = failsWith(t, call, 'CANCELLED', /^the client was closed$/);
  await client.close();
  await rejected;
  t.is((await client.ended).code, 'CANCELLED');
  t.deepEqual(faults, ['DISCONNECTED']);
  await failsWith(t, client.call(name, 'f', INPUT), 'CANCELLED', /^the client was closed$/);
  await failsWith(t, client.subscribe(name, { onOutput: () => {} }), 'CANCELLED', /^the client was closed$/);
  await client.close();
});

test('while the manager is away calls go on', async (t) => {
  const { manager, client, name } = await pairOf(t, obliging, obliging);
  await manager.stop();
  t.deepEqual((await client.call(name, 'f', INPUT)).outputs[0]?.bytes, INPUT);
});

test('a cluster without a coordinator, or without a manager, is refused in time', async (t) => {
  const manager = await managerOf(t);
  await failsWith(
    t,
    clientOf(t, manager, { timeoutMs: 3_000 }),
    'DISCONNECTED',
    /^cluster: expected a coordinator within 3000 ms, got none$/,
  );
  await manager.stop();
  await failsWith(t, clientOf(t, manager, { timeoutMs: 100 }), 'DISCONNECTED', /^manager .*: expected a view within 100 ms/);
});

test('what is no call is refused before it is sent', async (t) => {
  const manager = await managerOf(t);
  const { asked } = await coordinatorOf(t, manager, 'c1', obliging);
  const client = await clientOf(t, manager);
  await failsWith(t, client.call(7 as unknown as string, 'f', INPUT), 'INVALID_ARGUMENT', /^app/);
  await failsWith(t, client.call('a', 'f', INPUT, { deadlineMs: Number.NaN }), 'INVALID_ARGUMENT', /^deadlineMs/);
  await failsWith(t, client.call('a', 'f', INPUT, { deadlineMs: -1 }), 'INVALID_ARGUMENT', /^deadlineMs/);
  await failsWith(t, clientOf(t, manager, { retries: -1 }), 'INVALID_ARGUMENT', /^retries/);
  t.deepEqual(asked, []);
});
