/** `pheromone worker` and its like: one role in this process, for a machine of its own. */
import type { Configuration } from '../config/configuration.ts';
import { CLUSTER, MANAGER, WORKER } from '../config/sections.ts';
import type { Address, Section } from '../config/setting.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { interrupted, print } from './terminal.ts';

interface Running {
  readonly port: number;
  stop(): Promise<void>;
}

interface RoleCommand {
  readonly section: Section;
  readonly description: string;
  start(configuration: Configuration): Promise<Running>;
}

export const ROLE_COMMANDS: Readonly<Record<string, RoleCommand>> = {
  worker: {
    section: WORKER,
    description: 'runs a worker node: by itself, or, with --manager, as a member of a cluster',
    async start(configuration) {
      const { manager } = configuration.of(CLUSTER);
      const options = { ...configuration.given(WORKER), ...(manager === undefined ? {} : { manager: textOf(manager) }) };
      return (await import('../worker/node.ts')).startWorker(options);
    },
  },
  manager: {
    section: MANAGER,
    description: 'runs the manager of a cluster',
    async start(configuration) {
      const options = configuration.given(MANAGER);
      return (await import('../manager/manager.ts')).startManager(options);
    },
  },
};

/** Runs a role until it is interrupted. */
export async function runRole(role: string, { section, start }: RoleCommand, configuration: Configuration): Promise<ExitCode> {
  const stopped = interrupted(() => process.exit(EXIT.failure));
  const { port, stop } = await start(configuration);
  const { host } = configuration.of(section as Section<{ readonly host: string }>);
  print(`pheromone: ${role} listens on ${textOf({ host, port })} (process ${process.pid})`);
  await stopped;
  await stop();
  return EXIT.fine;
}

function textOf({ host, port }: Address): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
