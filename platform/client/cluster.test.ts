import { setTimeout as wait } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type { PheromoneError } from '../core/errors.ts';
import { type Manager, startManager } from '../manager/manager.ts';
import { joinCluster, type Membership } from '../member/membership.ts';
import { candidate } from '../member/testing/candidate.ts';
import { type ClientConnection, NODE_SIDE } from '../wire/client-protocol.ts';
import { listen } from '../wire/greeting.ts';
import type { ClientMessage } from '../wire/messages.ts';
import { type ClusterClient, type ClusterClientOptions, connectCluster } from './cluster.ts';
import { app, type Behaviour, echo, failsWith } from './testing.ts';

const POLL_MS = 10;
const POLLS = 6_000;
const INPUT = new Uint8Array([1, 2, 3]);
const APPS = Array.from({ length: 40 }, (_, index) => `app-${index}`);

async function managerOf(t: ExecutionContext): Promise<Manager> {
  const manager = await startManager({ heartbeatMs: 100, suspectMs: 60_000, returnMs: 50 });
  t.teardown(() => manager.stop());
  return manager;
}

/** A coordinator that behaves as a test wants it to. */
interface FakeCoordinator {
  readonly name: string;
  /** What it was sent, by type and app. */
  readonly asked: string[];
  /** Its last connection. */
  readonly connection: () => ClientConnection;
  readonly membership: Membership;
  /** As if its process had ended. */
  die(): Promise<void>;
}

async function coordinatorOf(t: ExecutionContext, { port }: Manager, name: string, behave: Behaviour): Promise<FakeCoordinator> {
  const asked: string[] = [];
  let connection: ClientConnection | undefined;
  const listener = await listen({
    ...{ host: '127.0.0.1', port: 0, self: { role: 'coordinator', name } },
    accept(_, speak) {
      const accepted = speak(NODE_SIDE);
      connection = accepted;
      accepted.onMessage((message, payload) => {
        asked.push(described(message));
        behave(message, new Uint8Array(payload), accepted);
      });
    },
  });
  const self = candidate(name, { role: 'coordinator', port: listener.port });
  const membership = await joinCluster({ manager: { host: '127.0.0.1', port }, self });
  const die = async (): Promise<void> => {
    membership.close();
    await listener.close();
  };
  t.teardown(die);
  return { name, asked, connection: () => connection!, membership, die };
}

function described(message: ClientMessage): string {
  if (message.type === 'register') return `register ${message.app.name}`;
  return 'app' in message ? `${message.type} ${message.app}` : message.type;
}

/** Answers everything: a call with its input. */
const obliging: Behaviour = (message, payload, connection) => {
  if (message.type === 'call') echo(message, payload, connection);
  else if (message.type !== 'cancel' && message.type !== 'status') connection.send({ type: 'done', id: message.id });
};

/** Answers no call. */
const silent: Behaviour = (message, payload, connection) => {
  if (message.type !== 'call') obliging(message, payload, connection);
};

/** Fails so many calls with a code, and answers those that follow. */
function failing(times: number, code: PheromoneError['code']): Behaviour {
  let left = times;
  return (message, payload, connection) => {
    if (message.type !== 'call' || left === 0) {
      obliging(message, payload, connection);
      return;
    }
    left -= 1;
    connection.send({ type: 'failed', id: message.id, code, message: 'not now' });
  };
}

async function clientOf(t: ExecutionContext, { port }: Manager, more: Partial<ClusterClientOptions> = {}): Promise<ClusterClient> {
  const client = await connectCluster({ manager: { host: '127.0.0.1', port }, ...more });
  t.teardown(() => client.close());
  return client;
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let poll = 0; poll < POLLS; poll++) {
    if (isSo()) return;
    await wait(POLL_MS);
  }
  throw new Error(`expected ${what} within ${(POLLS * POLL_MS) / 1_000} s`);
}

/** Calls until this coordinator is the one that is asked. */
function untilAsked({ asked }: FakeCoordinator, client: ClusterClient, name: string): Promise<void> {
  return until('the next owner', () => {
    client.call(name, 'f', INPUT).catch(() => {});
    return asked.includes(`call ${name}`);
  });
}

/** A cluster of two coordinators, a client of it, and an app that belongs to the first that is returned. */
async function pairOf(t: ExecutionContext, first: Behaviour, second: Behaviour, more: Partial<ClusterClientOptions> = {}) {
  const manager = await managerOf(t);
  const [a, b] = await Promise.all([coordinatorOf(t, manager, 'c1', first), coordinatorOf(t, manager, 'c2', second)]);
  const client = await clientOf(t, manager, more);
  await until('a view of both', () => manager.view.members.length === 2);
  const probe = await clientOf(t, manager);
  // Whichever app the first one gets to see is its own.
  for (const name of APPS) {
    await probe.register({ ...app, name });
    if (a.asked.includes(`register ${name}`)) return { manager, client, a, b, name };
  }
  throw new Error(`expected one of ${APPS.length} apps to belong to the first coordinator`);
}

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
