/** From settings to a client. */
import { connectClient } from '../client/client.ts';
import { connectCluster } from '../client/cluster.ts';
import type { PheromoneClient } from '../client/pheromone-client.ts';
import { ConfigError } from '../config/config-error.ts';
import type { ClusterSettings, SharedSettings } from '../config/sections.ts';
import type { Address } from '../config/setting.ts';
import { securityOf } from './settings.ts';
import { StateFolder } from './state-folder.ts';

/** What a command speaks to. */
export type Target = ClusterSettings & Pick<SharedSettings, 'state'>;

/** Where the cluster's manager is: as given, or as the cluster of the state folder says. Throws a {@link ConfigError}. */
export function managerOf({ manager, state }: Target): Address {
  const found = manager ?? new StateFolder(state).read()?.manager;
  if (found !== undefined) return found;
  throw new ConfigError('expected --manager HOST:PORT, --node HOST:PORT, or a cluster that pheromone up runs, got none of them');
}

/** Connects to the node that the settings name, or else to the cluster. */
export async function connect(target: Target): Promise<PheromoneClient> {
  const security = securityOf(target);
  return target.node === undefined ? connectCluster({ manager: managerOf(target), security }) : connectClient({ ...target.node, security });
}

/** Runs `use` with a client, and closes it. */
export async function withClient<T>(target: Target, use: (client: PheromoneClient) => Promise<T>): Promise<T> {
  const client = await connect(target);
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}
