/** A coordinator at its place in a cluster: it knows the members, and listens for clients. */
import { PheromoneError } from '../core/errors.ts';
import type { View } from '../core/membership.ts';
import { ClientSession } from '../door/client-session.ts';
import { joinCluster, type Membership } from '../member/membership.ts';
import { openStore, type StoreConfig } from '../store/durable/open-store.ts';
import { parseAddress } from '../wire/address.ts';
import { type ClientConnection, NODE_SIDE } from '../wire/client-protocol.ts';
import { COORDINATOR_SIDE } from '../wire/coordinator-protocol.ts';
import { listen } from '../wire/greeting.ts';
import { WIRE_LIMITS } from '../wire/limits.ts';
import type { Security } from '../wire/security.ts';
import type { Listener } from '../wire/sockets.ts';
import { Coordinator } from './coordinator.ts';
import { type CoordinatorOptions, coordinatorOptions, type GivenCoordinatorOptions } from './options.ts';

/** A coordinator that runs in this process. */
export interface CoordinatorNode {
  readonly port: number;
  /** Takes no new sessions, lets those under way go on for `drainMs`, leaves the cluster, and ends all connections. */
  stop(): Promise<void>;
}

/**
 * Starts a coordinator in this process; it is a member of the cluster when it resolves. Throws a RangeError for an option
 * out of range; rejects with `DISCONNECTED` if the address is taken or there is no manager, and with `INVALID_ARGUMENT`
 * if a living member has the name; with `STORE_FAILED`. `storeConfig`: the durable store in which the definitions of apps
 * outlive all processes, and which has the bundles of custom triggers.
 */
export async function startCoordinator(
  given: GivenCoordinatorOptions,
  security: Security = {},
  storeConfig?: StoreConfig,
): Promise<CoordinatorNode> {
  const options = coordinatorOptions(given);
  const store = storeConfig === undefined ? undefined : await openStore(storeConfig);
  const coordinator = new Coordinator(options, security, store);
  const clients: Clients = { connections: new Set(), areDismissed: false };
  let listener: Listener | undefined;
  try {
    listener = await listenForClients(options, security, coordinator, clients);
    const membership = await join(options, security, coordinator, listener.port);
    const ends = { listener, membership, clients };
    return {
      port: listener.port,
      async stop() {
        await stop(options, coordinator, ends);
        await store?.close();
      },
    };
  } catch (error) {
    coordinator.stop();
    await listener?.close();
    await store?.close();
    throw error;
  }
}

interface Clients {
  readonly connections: Set<ClientConnection>;
  /** The coordinator has left the cluster: no more are let in. */
  areDismissed: boolean;
}

function listenForClients(
  { host, port, name }: CoordinatorOptions,
  security: Security,
  coordinator: Coordinator,
  clients: Clients,
): Promise<Listener> {
  return listen({
    ...{ host, port, self: { role: 'coordinator', name }, security },
    accept(peer, speak) {
      if (peer.role === 'coordinator') {
        coordinator.inherit(speak(COORDINATOR_SIDE));
        return;
      }
      if (peer.role !== 'client') throw new PheromoneError('BAD_MESSAGE', `coordinator: expected a client, got a ${peer.role}`);
      if (clients.areDismissed) throw new PheromoneError('WRONG_COORDINATOR', `coordinator "${name}" has left the cluster`);
      const connection = speak(NODE_SIDE);
      const session = new ClientSession(coordinator, connection);
      clients.connections.add(connection);
      connection.onClose(() => {
        clients.connections.delete(connection);
        session.end();
      });
    },
  });
}

/** Only who knows the workers' apps becomes a member: from then on it owns some of them. */
async function join(options: CoordinatorOptions, security: Security, coordinator: Coordinator, port: number): Promise<Membership> {
  const { host, name, startMs, advertise } = options;
  const manager = parseAddress('manager', options.manager);
  const onView = (view: View): void => coordinator.see(view);
  const watching = await joinCluster({ manager, security, onView });
  try {
    await coordinator.learn(startMs);
    const address = advertise === '' ? { host, port } : parseAddress('advertise', advertise);
    const self = { name, role: 'coordinator', ...address, pid: process.pid, labels: [], executors: 0, draining: false } as const;
    return await joinCluster({ manager, security, self, onView });
  } finally {
    watching.close();
  }
}

interface Ends {
  readonly listener: Listener;
  readonly membership: Membership;
  readonly clients: Clients;
}

async function stop(
  { name, drainMs }: CoordinatorOptions,
  coordinator: Coordinator,
  { listener, membership, clients }: Ends,
): Promise<void> {
  // First its apps go to others: only what belongs to nobody else is refused then.
  await membership.drain();
  const isDrained = await within(drainMs, coordinator.drain());
  await membership.leave();
  clients.areDismissed = true;
  // Answers that are still on their way to clients are sent.
  const gone = [...clients.connections].map((connection) => new Promise<void>((resolve) => connection.onClose(() => resolve())));
  const message = `coordinator "${name}" has left the cluster; what it has not answered has not begun`;
  for (const connection of clients.connections) {
    if (isDrained) connection.send({ type: 'failed', id: 0, code: 'WRONG_COORDINATOR', message });
    connection.close();
  }
  await within(WIRE_LIMITS.closeMs, Promise.all(gone));
  coordinator.stop();
  await listener.close();
}

/** Whether the work was done by then. */
async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(late.resolve, ms, false);
  const isDone = await Promise.race([work.then(() => true), late.promise]);
  clearTimeout(timer);
  return isDone;
}
