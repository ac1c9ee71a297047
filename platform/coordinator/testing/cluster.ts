/** A coordinator in this process, without a manager: the test says who belongs to the cluster. */
import type { ExecutionContext } from 'ava';
import { type Client, connectClient } from '../../client/client.ts';
import type { AppDefinition } from '../../core/app.ts';
import { coordinatorRing } from '../../core/hash-ring.ts';
import type { Member } from '../../core/membership.ts';
import { app } from '../../core/testing/definitions.ts';
import { ClientSession } from '../../door/client-session.ts';
import { configureLog } from '../../log/log.ts';
import type { DurableStore } from '../../store/durable/durable-store.ts';
import { NODE_SIDE } from '../../wire/client-protocol.ts';
import { listen } from '../../wire/greeting.ts';
import { Coordinator, type CoordinatorSetup } from '../coordinator.ts';
import { COORDINATOR_DEFAULTS } from '../options.ts';
import type { FakeWorker } from './fake-worker.ts';

configureLog({ level: 'silent' });

const POLL_MS = 5;
const POLLS = 4_000;

export interface TestCluster {
  readonly coordinator: Coordinator;
  readonly client: Client;
  /** Says who belongs to the cluster besides the coordinator, and waits, if all of them live, until it has learned what they have. */
  see(workers: readonly FakeWorker[], others?: readonly Member[]): Promise<void>;
}

/** A coordinator that is called `c`, with workers, and its client; all gone when the test is over. */
export async function clusterOf(
  t: ExecutionContext,
  workers: readonly FakeWorker[],
  setup: Partial<CoordinatorSetup> = {},
  store?: DurableStore,
): Promise<TestCluster> {
  const coordinator = new Coordinator(
    {
      ...COORDINATOR_DEFAULTS,
      name: 'c',
      sessions: 1_000,
      keptBytes: 1_000_000,
      workerWaitMs: 20_000,
      ...setup,
    },
    {},
    store,
  );
  const { port, close } = await listen({
    ...{ host: '127.0.0.1', port: 0, self: { role: 'coordinator', name: 'c' } },
    accept: (_peer, speak) => new ClientSession(coordinator, speak(NODE_SIDE)),
  });
  t.teardown(async () => {
    coordinator.stop();
    await close();
  });
  let version = 0;
  const see: TestCluster['see'] = async (present, others = []) => {
    version += 1;
    coordinator.see({ version, members: [coordinatorMember('c'), ...others, ...present.map(({ member }) => member)] });
    if (present.every(({ isAlive }) => isAlive)) await coordinator.learn(60_000);
  };
  await see(workers);
  const client = await connectClient({ host: '127.0.0.1', port });
  t.teardown(() => client.close());
  return { coordinator, client, see };
}

export function coordinatorMember(name: string, more: Partial<Member> = {}): Member {
  const address = { host: '127.0.0.1', port: 1, pid: 1, labels: [], executors: 0, incarnation: 1, draining: false };
  return { name, role: 'coordinator', ...address, ...more };
}

/** App `x`, all of whose triggers are of scope `app`. */
export function gatheringApp(...triggers: AppDefinition['triggers']): AppDefinition {
  return app({ buckets: [{ name: 'b' }], triggers });
}

/** Waits until `condition` holds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; !(await condition()); i++) {
    if (i === POLLS) throw new Error(`expected within ${POLLS * POLL_MS} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** The name of an app that, of coordinators `c` and `d`, this one owns. */
export function nameOwnedBy(owner: 'c' | 'd'): string {
  const ring = coordinatorRing({ version: 1, members: [coordinatorMember('c'), coordinatorMember('d')] });
  for (let i = 0; ; i++) if (ring.ownerOf(`x${i}`) === owner) return `x${i}`;
}
