/** From settings to a client. */
import { connectClient } from '../client/client.ts';
import type { PheromoneClient } from '../client/pheromone-client.ts';
import { ConfigError } from '../config/config-error.ts';
import type { SharedSettings } from '../config/sections.ts';
import type { Address } from '../config/setting.ts';
import { PheromoneError } from '../core/errors.ts';
import { joinCluster } from '../member/membership.ts';
import { StateFolder } from './state-folder.ts';

/** Where the cluster's manager is: as given, or as the cluster of the state folder says. Throws a {@link ConfigError}. */
export function managerOf({ manager, state }: SharedSettings): Address {
  const found = manager ?? new StateFolder(state).read()?.manager;
  if (found !== undefined) return found;
  throw new ConfigError('expected --manager HOST:PORT, --node HOST:PORT, or a cluster that pheromone up runs, got none of them');
}

/** Connects to the node that the settings name, or else to the cluster. */
export async function connect(shared: SharedSettings): Promise<PheromoneClient> {
  return connectClient(shared.node ?? (await doorOf(managerOf(shared))));
}

/** Runs `use` with a client, and closes it. */
export async function withClient<T>(shared: SharedSettings, use: (client: PheromoneClient) => Promise<T>): Promise<T> {
  const client = await connect(shared);
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

/** A member that serves clients. */
async function doorOf(manager: Address): Promise<Address> {
  const membership = await joinCluster({ manager });
  membership.close();
  const [member] = membership.view.members;
  if (member !== undefined) return member;
  throw new PheromoneError('NO_NODE', `manager ${manager.host}:${manager.port}: expected a member to speak to, got none`);
}
