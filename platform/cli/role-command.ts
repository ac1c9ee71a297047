/** `pheromone worker` and its like: one role in this process, for a machine of its own. */
import type { Configuration } from '../config/configuration.ts';
import { GATEWAY, GATEWAY_BOUNDS } from '../config/gateway-sections.ts';
import { COORDINATOR, MANAGER, STORE, WORKER } from '../config/sections.ts';
import type { Section } from '../config/setting.ts';
import { type Role, startRole } from '../launch/start-role.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { addressText, OPTIONS_OF, surroundingsOf } from './role-options.ts';
import { interrupted, print } from './terminal.ts';

/** What there is to say of each role, and of which sections it takes flags. Its own is the first. */
export const ROLE_COMMANDS: Readonly<Record<Role, { readonly description: string; readonly sections: readonly [Section, ...Section[]] }>> =
  {
    manager: { description: 'runs the manager of a cluster', sections: [MANAGER] },
    coordinator: { description: 'runs a coordinator', sections: [COORDINATOR] },
    worker: { description: 'runs a worker node: by itself, or, with --manager, as a member of a cluster', sections: [WORKER, STORE] },
    gateway: { description: 'runs an HTTP gateway to a cluster, or, with --node, to one node', sections: [GATEWAY, GATEWAY_BOUNDS] },
  };

/** Runs a role until it is interrupted. */
export async function runRole<R extends Role>(role: R, configuration: Configuration): Promise<ExitCode> {
  const options = OPTIONS_OF[role](configuration);
  const stopped = interrupted(() => process.exit(EXIT.failure));
  const { port, stop } = await startRole(role, options, surroundingsOf(configuration));
  const { host } = configuration.of(ROLE_COMMANDS[role].sections[0] as Section<{ readonly host: string }>);
  print(`pheromone: ${role} listens on ${addressText({ host, port })} (process ${process.pid})`);
  await stopped;
  await stop();
  return EXIT.fine;
}
