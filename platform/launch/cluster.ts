/** A cluster of processes on this machine: for `pheromone up`, for tests and for benchmarks. */
import { join } from 'node:path';
import { PheromoneError } from '../core/errors.ts';
import type { ManagerOptions } from '../manager/options.ts';
import { joinCluster, type Membership } from '../member/membership.ts';
import type { WorkerOptions } from '../worker/options.ts';
import { type Role, Seat, type SeatEvents } from './seat.ts';
import type { RoleOptions } from './spawn.ts';

const HOST = '127.0.0.1';
/** Those who are asked by others end after them. */
const STOP_ORDER: readonly Role[] = ['worker', 'manager'];

export interface ClusterOptions {
  readonly workers: number;
  /** Of each worker. */
  readonly executors?: number;
  readonly manager?: Partial<ManagerOptions>;
  /** What all workers are told besides. */
  readonly worker?: Partial<WorkerOptions>;
  /** Whether a process that ended unasked is started again, as what it was. Default: no. */
  readonly restart?: boolean;
  /** Folder for a log of each process, named after it; left out: they share this process's stderr. */
  readonly logFolder?: string | undefined;
  readonly events?: SeatEvents;
}

/** One process of a cluster. */
export type ClusterMember = Pick<Seat, 'role' | 'name' | 'port' | 'pid' | 'isAlive'>;

/**
 * Starts a manager and workers named `worker-1` and so on, each a process of its own on a port of its own of
 * 127.0.0.1; resolves when all listen. None outlives this process. Rejects with `INTERNAL` if one does not come up;
 * then no process is left.
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { workers, executors, worker } = options;
  const seat = <R extends Role>(role: R, name: string, roleOptions: RoleOptions[R]): Seat =>
    new Seat(role, name, roleOptions, {
      restart: options.restart ?? false,
      logFile: options.logFolder === undefined ? undefined : join(options.logFolder, `${name}.log`),
      events: options.events ?? {},
    }) as Seat;
  const manager = seat('manager', 'manager', { ...options.manager, host: HOST });
  await manager.start();
  const joining = { host: HOST, manager: `${HOST}:${manager.port}` };
  const shared = { ...joining, ...(executors === undefined ? {} : { executors }), ...worker };
  const seats = [manager, ...named('worker', workers).map((name) => seat('worker', name, { ...shared, name }))];
  const cluster = new Cluster(seats);
  try {
    await cluster.start();
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

function named(role: Role, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${role}-${index + 1}`);
}

/** Made by {@link startCluster}. */
export class Cluster {
  readonly #seats: ReadonlyMap<string, Seat>;
  #membership: Membership | undefined;

  /** The manager is the first, and runs. */
  constructor(seats: readonly Seat[]) {
    this.#seats = new Map(seats.map((seat) => [seat.name, seat]));
  }

  /** Where the manager listens. */
  get manager(): { readonly host: string; readonly port: number } {
    return { host: HOST, port: this.#seat('manager').port };
  }

  /** All processes, the manager's among them. */
  get members(): readonly ClusterMember[] {
    return [...this.#seats.values()];
  }

  /** Starts what does not run yet. */
  async start(): Promise<void> {
    this.#membership = await joinCluster({ manager: this.manager });
    const others = [...this.#seats.values()].filter(({ isAlive }) => !isAlive);
    await Promise.all(others.map((seat) => seat.start()));
  }

  /** Sends a process a signal; resolves when it has ended if the signal is SIGKILL, else at once. */
  kill(name: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    return this.#seat(name).kill(signal);
  }

  /** Ends a process in order if it runs, and starts another in its place. */
  async restart(name: string): Promise<void> {
    const seat = this.#seat(name);
    await seat.stop();
    await seat.start();
  }

  /** Ends all processes in order, after `graceMs` at once. Never rejects; may be called twice. */
  async stop(graceMs?: number): Promise<void> {
    this.#membership?.close();
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
