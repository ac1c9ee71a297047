/** The cluster that the soak mistreats: every way from one member to another goes through a proxy of the one that is asked. */
import { setTimeout as pause } from 'node:timers/promises';
import { connectClient } from '../client/client.ts';
import type { PlatformStatus } from '../client/pheromone-client.ts';
import { Seat } from '../launch/seat.ts';
import type { Role, RoleOptions } from '../launch/start-role.ts';
import { type OpenProxy, openProxy } from '../wire/testing/proxy.ts';
import { LABELS } from './load.ts';

const HOST = '127.0.0.1';
const EXECUTORS = 2;
const ARENA_BYTES = 2 ** 27;
/** Of members that end in order: sessions that were left behind would hold them up for so long. */
const DRAIN_MS = 30_000;

/** When the members take each other for lost; see docs/reliability.md. */
export const DETECTION = { heartbeatMs: 150, suspectMs: 2_000, returnMs: 250, pingMs: 250, silenceMs: 2_000 } as const;

export interface SoakMember {
  readonly role: Role;
  readonly name: string;
  readonly seat: Seat;
  /** How others reach it, and how it reaches the manager; the manager itself has neither. */
  readonly proxies: readonly OpenProxy[];
}

/** Made by {@link startSoakCluster}. */
export class SoakCluster {
  readonly members: readonly SoakMember[];
  /** Processes that ended though nobody meant them to, with how. */
  readonly died: string[];
  readonly #proxies: readonly OpenProxy[];

  constructor(members: readonly SoakMember[], proxies: readonly OpenProxy[], died: string[]) {
    this.members = members;
    this.#proxies = proxies;
    this.died = died;
  }

  get manager(): { readonly host: string; readonly port: number } {
    return { host: HOST, port: this.members[0]!.seat.port };
  }

  /** All of a role. */
  of(role: Role): readonly SoakMember[] {
    return this.members.filter((member) => member.role === role);
  }

  /** Ends a process at once; another one in its place comes up in its own time. */
  async kill({ name, seat }: SoakMember): Promise<void> {
    await seat.kill('SIGKILL');
    const meant = this.died.indexOf(`${name}: SIGKILL`);
    if (meant >= 0) this.died.splice(meant, 1);
  }

  /** Starts whatever does not run. */
  async repair(): Promise<void> {
    for (const { seat } of this.members) if (!seat.isAlive) await seat.start();
  }

  /** What a worker says of itself. */
  async status({ seat }: SoakMember): Promise<PlatformStatus> {
    const client = await connectClient({ host: HOST, port: seat.port });
    try {
      return await client.status();
    } finally {
      await client.close();
    }
  }

  /** Ends all in order. Returns the names of those whose process did not end by itself, or is there still. */
  async stop(): Promise<string[]> {
    const late: string[] = [];
    for (const role of ['coordinator', 'worker', 'manager'] as const) {
      await Promise.all(
        this.of(role).map(async ({ name, seat }) => {
          const { pid } = seat;
          const startedMs = performance.now();
          await seat.stop(DRAIN_MS / 2);
          if (performance.now() - startedMs > DRAIN_MS / 2 || isThere(pid)) late.push(name);
        }),
      );
    }
    await Promise.all(this.#proxies.map((proxy) => proxy.close()));
    return late;
  }
}

/** Starts a manager, two coordinators and three workers. Rejects with `INTERNAL` if one does not come up. */
export async function startSoakCluster(logFolder?: string): Promise<SoakCluster> {
  const died: string[] = [];
  const proxies: OpenProxy[] = [];
  const seatOf = <R extends Role>(role: R, name: string, options: RoleOptions[R]): Seat =>
    new Seat(role, name, options, {
      restart: false,
      spawn: { logFile: logFolder && `${logFolder}/${name}.log` },
      events: { died: (who, how) => died.push(`${who}: ${how}`) },
    }) as unknown as Seat;
  const { heartbeatMs, suspectMs, returnMs, pingMs, silenceMs } = DETECTION;
  const manager = seatOf('manager', 'manager', { heartbeatMs, suspectMs, returnMs });
  await manager.start();

  const join = async <R extends 'coordinator' | 'worker'>(role: R, name: string, options: object): Promise<SoakMember> => {
    let listening: Seat | undefined;
    const inward = await openProxy(() => listening?.port);
    const toManager = await openProxy(() => manager.port);
    proxies.push(inward, toManager);
    const addresses = { advertise: `${HOST}:${inward.port}`, manager: `${HOST}:${toManager.port}` };
    const seat = seatOf(role, name, { name, pingMs, silenceMs, drainMs: DRAIN_MS, ...addresses, ...options } as unknown as RoleOptions[R]);
    await seat.start();
    listening = seat;
    return { role, name, seat, proxies: [inward, toManager] };
  };
  const cluster = (joined: readonly SoakMember[]): SoakCluster =>
    new SoakCluster([{ role: 'manager', name: 'manager', seat: manager, proxies: [] }, ...joined], proxies, died);
  const joining = await Promise.allSettled([
    ...LABELS.map((labels, at) => join('worker', `worker-${at + 1}`, { labels, executors: EXECUTORS, arenaBytes: ARENA_BYTES })),
    ...[1, 2].map((number) => join('coordinator', `coordinator-${number}`, {})),
  ]);
  const joined = joining.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = joining.find((one) => one.status === 'rejected');
  if (failed === undefined) return cluster(joined);
  await cluster(joined).stop();
  throw failed.reason;
}

/** Polls until something holds, or a bound has passed; tells whether it did. */
export async function holdsWithin(boundMs: number, holds: () => Promise<boolean>): Promise<boolean> {
  const endMs = performance.now() + boundMs;
  while (!(await holds())) {
    if (performance.now() > endMs) return false;
    await pause(20);
  }
  return true;
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
