/** What it takes to be one of the platform's roles, in this process. */
import type { CoordinatorOptions } from '../coordinator/options.ts';
import type { GatewayOptions } from '../gateway/options.ts';
import { openLog } from '../log/log.ts';
import type { ManagerOptions } from '../manager/options.ts';
import type { StoreConfig } from '../store/durable/open-store.ts';
import { parseAddress } from '../wire/address.ts';
import type { Security } from '../wire/security.ts';
import type { WorkerOptions } from '../worker/options.ts';

/** What each role can be told. */
export interface RoleOptions {
  readonly manager: Partial<ManagerOptions>;
  readonly coordinator: Partial<CoordinatorOptions> & Pick<CoordinatorOptions, 'manager'>;
  readonly worker: Partial<WorkerOptions>;
  /** `manager`: of the cluster that it opens, instead of the one node that the options name. */
  readonly gateway: Partial<GatewayOptions> & { readonly manager?: string };
}

export type Role = keyof RoleOptions;

/** What a role shares with the others of its cluster. */
export interface Surroundings {
  readonly security?: Security | undefined;
  /** Left out: none. */
  readonly store?: StoreConfig | undefined;
}

/** A role that listens. */
export interface RunningRole {
  readonly port: number;
  /** Ends it in order. */
  stop(): Promise<void>;
}

type Start<R extends Role> = (options: RoleOptions[R], surroundings: Surroundings) => Promise<RunningRole>;

/** Only the code of the role that is asked for is loaded. */
const START: { readonly [R in Role]: Start<R> } = {
  manager: async (options, { security }) => (await import('../manager/manager.ts')).startManager(options, security),
  coordinator: async (options, { security, store }) =>
    (await import('../coordinator/process.ts')).startCoordinator(options, security, store),
  worker: async (options, { security, store }) => (await import('../worker/node.ts')).startWorker(options, security, store),
  gateway: startGatewayOf,
};

/** Starts a role in this process. Rejects with a RangeError for an option out of range, otherwise as the role does. */
export async function startRole<R extends Role>(role: R, options: RoleOptions[R], surroundings: Surroundings): Promise<RunningRole> {
  const log = openLog({ role, node: (options as { readonly name?: string }).name });
  const { port, stop } = await START[role](options, surroundings);
  log.info('listening', { port });
  return {
    port,
    async stop() {
      log.info('stopping');
      await stop();
      log.info('stopped');
    },
  };
}

async function startGatewayOf({ manager, ...options }: RoleOptions['gateway'], { security }: Surroundings): Promise<RunningRole> {
  const { startGateway } = await import('../gateway/gateway.ts');
  if (manager === undefined) return startGateway(options, { security });
  const { connectCluster } = await import('../client/cluster.ts');
  const address = parseAddress('manager', manager);
  return startGateway(options, { connect: () => connectCluster({ manager: address, security }) });
}
