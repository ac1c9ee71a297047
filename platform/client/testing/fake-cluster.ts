/** A manager and coordinators in this process that behave as a test wants them to, and clients of their cluster. */
import { setTimeout as wait } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import type { PheromoneError } from '../../core/errors.ts';
import { type Manager, startManager } from '../../manager/manager.ts';
import { joinCluster, type Membership } from '../../member/membership.ts';
import { candidate } from '../../member/testing/candidate.ts';
import { type ClientConnection, NODE_SIDE } from '../../wire/client-protocol.ts';
import { listen } from '../../wire/greeting.ts';
import type { ClientMessage } from '../../wire/messages.ts';
import { type ClusterClient, type ClusterClientOptions, connectCluster } from '../cluster.ts';
import { app, type Behaviour, echo } from '../testing.ts';

const POLL_MS = 10;
const POLLS = 6_000;
export const INPUT = new Uint8Array([1, 2, 3]);
export const APPS = Array.from({ length: 40 }, (_, index) => `app-${index}`);

/** Whoever is silent is no matter to it; whoever's connection ends is dropped soon. Gone when the test is over. */
export async function managerOf(t: ExecutionContext): Promise<Manager> {
  const manager = await startManager({ heartbeatMs: 100, suspectMs: 60_000, returnMs: 50 });
  t.teardown(() => manager.stop());
  return manager;
}

/** A coordinator that behaves as a test wants it to. */
export interface FakeCoordinator {
  readonly name: string;
  /** What it was sent, by type and app. */
  readonly asked: string[];
  /** Its last connection. */
  readonly connection: () => ClientConnection;
  readonly membership: Membership;
  /** As if its process had ended. */
  die(): Promise<void>;
}

/** Gone when the test is over. */
export async function coordinatorOf(t: ExecutionContext, { port }: Manager, name: string, behave: Behaviour): Promise<FakeCoordinator> {
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
export const obliging: Behaviour = (message, payload, connection) => {
  if (message.type === 'call') echo(message, payload, connection);
  else if (message.type !== 'cancel' && message.type !== 'status') connection.send({ type: 'done', id: message.id });
};

/** Answers no call. */
export const silent: Behaviour = (message, payload, connection) => {
  if (message.type !== 'call') obliging(message, payload, connection);
};

/** Fails so many calls with a code, and answers those that follow. */
export function failing(times: number, code: PheromoneError['code']): Behaviour {
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

/** Gone when the test is over. */
export async function clientOf(t: ExecutionContext, { port }: Manager, more: Partial<ClusterClientOptions> = {}): Promise<ClusterClient> {
  const client = await connectCluster({ manager: { host: '127.0.0.1', port }, ...more });
  t.teardown(() => client.close());
  return client;
}

/** Throws if it is not so after a generous time. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let poll = 0; poll < POLLS; poll++) {
    if (isSo()) return;
    await wait(POLL_MS);
  }
  throw new Error(`expected ${what} within ${(POLLS * POLL_MS) / 1_000} s`);
}

/** Calls until this coordinator is the one that is asked. */
export function untilAsked({ asked }: FakeCoordinator, client: ClusterClient, name: string): Promise<void> {
  return until('the next owner', () => {
    client.call(name, 'f', INPUT).catch(() => {});
    return asked.includes(`call ${name}`);
  });
}

/** A cluster of two coordinators, a client of it, and an app that belongs to the first that is returned. */
export async function pairOf(t: ExecutionContext, first: Behaviour, second: Behaviour, more: Partial<ClusterClientOptions> = {}) {
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
