/** What goes wrong in a round of the soak: one fault, chosen by chance. */
import { setTimeout as pause } from 'node:timers/promises';
import type { ErrorCode } from '../core/errors.ts';
import type { Role } from '../launch/start-role.ts';
import { DETECTION, type SoakCluster } from './soak-cluster.ts';

export const FAULT_ROLES = ['worker', 'coordinator', 'manager', 'executor', 'connection'] as const;
export type FaultRole = (typeof FAULT_ROLES)[number];

/** Numbers from 0 to 1. */
export type Chance = () => number;

/** What may come of it that a member is lost. */
export interface Effects {
  /** Codes that calls may fail with, whose client does not try again. */
  readonly allowed: readonly ErrorCode[];
  /** Whether events that were accepted may be lost: what they wait in is the memory of one process. */
  readonly losesEvents: boolean;
  /** Whether events may come twice: their session runs again with all that it does. */
  readonly repeatsEvents: boolean;
}

export interface Fault {
  readonly name: string;
  /** The member that it hits; `undefined`: a single executor. */
  readonly target: { readonly role: Role; readonly name: string } | undefined;
  /** Has it happen. Resolves when it is over, and what was there before is there again. */
  inflict(cluster: SoakCluster): Promise<void>;
}

/** How long a process stands still, or is cut off: longer than the others wait for it. */
const GONE_MS = DETECTION.suspectMs + 700;
/** A pause that nobody is to notice. */
const BRIEF_MS = 300;
/** How long a process that was killed stays away. */
const AWAY_MS = 500;

/** What a seed decides (mulberry32): seeds that are neighbours have nothing to do with each other. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function pick<T>(chance: Chance, items: readonly T[]): T {
  return items[Math.floor(chance() * items.length)]!;
}

/** A fault of a process or its connections; `executor` faults are calls, which the round itself makes. */
export function drawFault(role: Exclude<FaultRole, 'executor'>, cluster: SoakCluster, chance: Chance): Fault {
  const target = role === 'connection' ? pick(chance, cluster.members.slice(1)) : pick(chance, cluster.of(role));
  if (role === 'connection') {
    const proxy = pick(chance, target.proxies);
    const way = proxy === target.proxies[0] ? 'to' : 'to the manager from';
    const isSilence = chance() < 0.5;
    const goneMs = chance() < 0.5 ? GONE_MS : BRIEF_MS;
    return {
      target,
      name: isSilence ? `connections ${way} ${target.name} silent for ${goneMs} ms` : `connections ${way} ${target.name} cut`,
      async inflict() {
        if (isSilence) {
          proxy.silence();
          await pause(goneMs);
        }
        proxy.heal();
      },
    };
  }
  if (chance() < 0.5) {
    return {
      target,
      name: `${target.name} killed`,
      async inflict() {
        await cluster.kill(target);
        await pause(AWAY_MS);
        await cluster.repair();
      },
    };
  }
  const goneMs = chance() < 0.75 ? GONE_MS : BRIEF_MS;
  return {
    target,
    name: `${target.name} stands still for ${goneMs} ms`,
    async inflict() {
      await target.seat.kill('SIGSTOP');
      await pause(goneMs);
      await target.seat.kill('SIGCONT');
    },
  };
}

/** What may come of it that members of these roles are lost. */
export function effectsOf(lost: readonly Role[]): Effects {
  const isCoordinator = lost.includes('coordinator');
  return {
    allowed: isCoordinator ? ['DISCONNECTED'] : [],
    losesEvents: isCoordinator,
    repeatsEvents: isCoordinator || lost.includes('worker'),
  };
}
