/** `pheromone up`: a cluster on this machine, in the foreground. */
import { ConfigError } from '../config/config-error.ts';
import type { Configuration } from '../config/configuration.ts';
import { COORDINATOR, MANAGER, SHARED, UP, WORKER } from '../config/sections.ts';
import { type Cluster, type ClusterOptions, startCluster } from '../launch/cluster.ts';
import type { SeatEvents } from '../launch/seat.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { gatewayOptionsOf, surroundingsOf } from './role-options.ts';
import { StateFolder } from './state-folder.ts';
import { interrupted, note, print } from './terminal.ts';

/** How long a process may take to finish what it has under way: longer than any of them allows itself. */
const DRAIN_MS = 60_000;

/** Runs a cluster until it is interrupted. */
export async function upCommand(configuration: Configuration): Promise<ExitCode> {
  const state = new StateFolder(configuration.of(SHARED).state);
  const options = clusterOptions(configuration, state);
  state.claim();
  const stopped = interrupted(() => process.exit(EXIT.failure));
  const starting = startCluster(options);
  const cluster = await Promise.race([starting, stopped]);
  if (cluster === undefined) {
    note('pheromone: stopping before everything has started');
    return EXIT.fine;
  }
  try {
    state.write({ pid: process.pid, manager: cluster.manager });
    print(overview(cluster, state));
    await stopped;
    note('pheromone: finishing what is under way; interrupt again to end at once');
    return EXIT.fine;
  } finally {
    await cluster.stop(DRAIN_MS);
    state.release();
  }
}

function clusterOptions(configuration: Configuration, state: StateFolder): ClusterOptions {
  const { workers, coordinators, restart, gateway } = configuration.of(UP);
  if (configuration.of(SHARED).logFile !== undefined) {
    throw new ConfigError('log-file: expected none, since each process of a cluster has its own in the state folder');
  }
  // What tells processes apart is for the cluster to say.
  const { host: _managerHost, ...manager } = configuration.given(MANAGER);
  const { host: _coordinatorHost, name: _coordinatorName, port: _coordinatorPort, ...coordinator } = configuration.given(COORDINATOR);
  const { host: _workerHost, name: _workerName, port: _workerPort, ...worker } = configuration.given(WORKER);
  return {
    ...{ workers, coordinators, restart, manager, coordinator, worker },
    ...surroundingsOf(configuration, state.storeFolder),
    gateway: gateway ? gatewayOptionsOf(configuration) : undefined,
    logFolder: state.logFolder,
    events: reports(restart),
  };
}

function overview(cluster: Cluster, state: StateFolder): string {
  const { host, port } = cluster.manager;
  const rows = cluster.members.map((member) => `  ${member.name.padEnd(16)} ${`${host}:${member.port}`.padEnd(22)} process ${member.pid}`);
  const end = `Manager: ${host}:${port}. Logs: ${state.logFolder}. Ctrl-C ends it.`;
  return ['pheromone: a cluster is up', ...rows, end].join('\n');
}

function reports(restart: boolean): SeatEvents {
  return {
    died: (name, how) => note(`pheromone: ${name} died (${how})${restart ? '; starting it again' : ''}`),
    returned: (name, pid) => note(`pheromone: ${name} is back as process ${pid}`),
    failed: (name, error) => note(`pheromone: ${name} did not start: ${error instanceof Error ? error.message : error}`),
  };
}
