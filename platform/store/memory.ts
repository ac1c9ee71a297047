/** The shared memory of one worker node: what its threads are given at their start, and the bounds of it. */

import { LIMITS } from '../core/limits.ts';

/** Memory is handed out to sessions in runs of granules. */
export const GRANULE_BYTES = 65_536;
/** Everything in the arena starts at a multiple of this. */
export const ALIGN_BYTES = 16;
/** Sessions that can be alive at once. */
export const SESSION_SLOTS = 65_536;
/** Apps that can be registered at once. */
export const APP_SLOTS = 16_384;
/** Thread 0 is the scheduler; the numbers from `LANES` on are executors, those included that are being replaced. */
export const THREADS = 64;
export const SCHEDULER = 0;
/** Parts of the ledger in which the scheduler publishes: those of the first numbers, which no other thread has. */
export const LANES = 4;

export interface MemoryOptions {
  /** Object memory, reserved at once and committed as it is touched; a multiple of the granule. */
  readonly arenaBytes: number;
}

/** Every shared buffer of the store. Structured clone passes it to a thread by reference. */
export interface StoreMemory {
  /** The objects' bytes. */
  readonly arena: SharedArrayBuffer;
  /** Table of granules; see granules.ts. */
  readonly granules: SharedArrayBuffer;
  /** Table of sessions; see sessions.ts. */
  readonly sessions: SharedArrayBuffer;
  /** Table of apps; see apps.ts. */
  readonly apps: SharedArrayBuffer;
}

export const GRANULE_WORDS = 6;
export const GRANULE_HEADER_WORDS = 16;
/** Four numbers and a name. */
export const APP_WORDS = 4 + LIMITS.nameLength / 2;
export const SESSION_HEADER_WORDS = 32;
export const SESSION_LISTS = 3;
export const SESSION_WORDS = SESSION_HEADER_WORDS + SESSION_LISTS * THREADS;

/** Reserves the shared memory of a node. Pages are committed on first touch only. */
export function reserveMemory({ arenaBytes }: MemoryOptions): StoreMemory {
  const granules = arenaBytes / GRANULE_BYTES;
  if (!Number.isInteger(granules) || granules < 1) {
    throw new RangeError(`arenaBytes: expected a positive multiple of ${GRANULE_BYTES}, got ${arenaBytes}`);
  }
  return {
    arena: new SharedArrayBuffer(arenaBytes),
    granules: new SharedArrayBuffer((GRANULE_HEADER_WORDS + granules * GRANULE_WORDS) * 4),
    sessions: new SharedArrayBuffer(SESSION_SLOTS * SESSION_WORDS * 4),
    apps: new SharedArrayBuffer(APP_SLOTS * APP_WORDS * 4),
  };
}
