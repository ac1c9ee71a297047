/** A cluster of processes on this machine: for `pheromone up`, for tests and for benchmarks. */
import { join } from 'node:path';
import { PheromoneError } from '../core/errors.ts';
import { Seat, type SeatEvents } from './seat.ts';
import type { Role, RoleOptions, Surroundings } from './start-role.ts';

const HOST = '127.0.0.1';
/** Whoever asks others ends before them. */
const STOP_ORDER: readonly Role[] = ['gateway', 'coordinator', 'worker', 'manager'];

/** Left to the cluster: what tells the processes apart, and how they find each other. */
type Shared<R extends Role> = Partial<Omit<RoleOptions[R], 'host' | 'name' | 'manager'>>;

export interface ClusterOptions extends Surroundings {
  readonly workers: number;
  /** Of each worker. */
  readonly executors?: number;
  /** Default: 1. */
  readonly coordinators?: number;
  /** What all processes of a role are told besides; a gateway is there if this is. */
  readonly manager?: Shared<'manager'>;
  readonly coordinator?: Shared<'coordinator'>;
  readonly worker?: Shared<'worker'>;
  readonly gateway?: Shared<'gateway'> | undefined;
  /** Whether a process that ended unasked is started again, as what it was. Default: no. */
  readonly restart?: boolean;
  /** Folder for a log of each process, named after it; left out: they share this process's stderr. */
  readonly logFolder?: string | undefined;
  readonly events?: SeatEvents;
}

/** One process of a cluster. */
export type ClusterMember = Pick<Seat, 'role' | 'name' | 'port' | 'pid' | 'isAlive'>;

/**
 * Starts a manager, coordinators, workers and, if wanted, a gateway: `manager`, `coordinator-1`, `worker-1` and so on,
 * `gateway`, each a process of its own on a port of its own of 127.0.0.1. Resolves when all have joined. None outlives
 * this process. Rejects with `INTERNAL` if one does not come up; then no process is left.
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { workers, executors, coordinators = 1, gateway } = options;
  const manager = seatOf(options, 'manager', 'manager', { ...options.manager, host: HOST });
  await manager.start();
  const shared = { host: HOST, manager: `${HOST}:${manager.port}` };
  const worker = { ...(executors === undefined ? {} : { executors }), ...options.worker, ...shared };
  const cluster = new Cluster([
    manager,
    ...named('coordinator', coordinators).map((name) => seatOf(options, 'coordinator', name, { ...options.coordinator, ...shared, name })),
    ...named('worker', workers).map((name) => seatOf(options, 'worker', name, { ...worker, name })),
    ...(gateway === undefined ? [] : [seatOf(options, 'gateway', 'gateway', { ...gateway, ...shared })]),
  ]);
  try {
    await cluster.start();
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

function seatOf<R extends Role>({ security, store, ...options }: ClusterOptions, role: R, name: string, told: RoleOptions[R]): Seat {
  const logFile = options.logFolder === undefined ? undefined : join(options.logFolder, `${name}.log`);
  const { restart = false, events = {} } = options;
  return new Seat(role, name, told, { restart, events, spawn: { security, store, logFile } }) as unknown as Seat;
}

function named(role: Role, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${role}-${index + 1}`);
}

/** Made by {@link startCluster}. */
export class Cluster {
  readonly #seats: ReadonlyMap<string, Seat>;

  /** The manager is the first, and runs. */
  constructor(seats: readonly Seat[]) {
    this.#seats = new Map(seats.map((seat) => [seat.name, seat]));
  }

  /** Where the manager listens. */
  get manager(): { readonly host: string; readonly port: number } {
    return { host: HOST, port: this.#seat('manager').port };
  }

  /** All processes, the manager's first. */
  get members(): readonly ClusterMember[] {
    return [...this.#seats.values()];
  }

  /** Starts what does not run yet. */
  async start(): Promise<void> {
    const starting = [...this.#seats.values()].filter(({ isAlive }) => !isAlive).map((seat) => seat.start());
    // All of them, so that none comes up after the others were ended.
    const failed = (await Promise.allSettled(starting)).find(({ status }) => status === 'rejected');
    if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
  }

  /** Sends a process a signal; resolves when it has ended if the signal is SIGKILL, else at once. */
  kill(name: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    return this.#seat(name).kill(signal);
  }

  /** Ends a process in order if it runs, and starts another in its place; resolves when that has joined. */
  async restart(name: string): Promise<void> {
    const seat = this.#seat(name);
    await seat.stop();
    await seat.start();
  }

  /** Ends all processes in order, each after `graceMs` at once. Never rejects; may be called twice. */
  async stop(graceMs?: number): Promise<void> {
    // Whoever asked for the end may have asked every process.
    for (const seat of this.#seats.values()) seat.retire();
    for (const role of STOP_ORDER) {
      await Promise.all([...this.#seats.values()].filter((seat) => seat.role === role).map((seat) => seat.stop(graceMs)));
    }
  }

  #seat(name: string): Seat {
    const seat = this.#seats.get(name);
    if (seat !== undefined) return seat;
    throw new PheromoneError('INVALID_ARGUMENT', `cluster: expected one of ${[...this.#seats.keys()].join(', ')}, got "${name}"`);
  }
}
