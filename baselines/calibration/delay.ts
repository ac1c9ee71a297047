/** What calibration platforms wait before each run. */
import { hostNowNs } from '../../workloads/api/run-body.ts';

/** A caller whose core has gone to sleep wakes later, so both platforms that are compared wait at least this long. */
const SHORTEST_NS = 3e6;
/** By how much `delay` waits longer: drawn once for each process, so that nothing can be tuned to it. */
const LONGER_NS = [0.2e6, 0.8e6] as const;
/** How far the waits of one process lie apart: little, so that an error of a tenth of a millisecond stands out. */
const SPREAD_NS = 20e3;

/** The waits that there are. */
export type Waiting = 'wait' | 'delay';

/** Waits in nanoseconds around a base of their own. `chance` gives numbers from 0 to 1. */
export function waitsNs(waiting: Waiting, chance: () => number): () => number {
  const [least, most] = LONGER_NS;
  const baseNs = SHORTEST_NS + (waiting === 'delay' ? least + (most - least) * chance() : 0);
  return () => baseNs + SPREAD_NS * chance();
}

/** A sleep ends late by up to this much; the rest is waited out by looking at the clock. */
const AWAKE_NS = 0.5e6;
const NEVER = new Int32Array(new SharedArrayBuffer(4));

/** Waits and returns how many nanoseconds it really took. The thread does nothing else meanwhile. */
export function waitNs(forNs: number): number {
  const startedNs = hostNowNs();
  Atomics.wait(NEVER, 0, 0, Math.max(0, forNs - AWAKE_NS) / 1e6);
  while (hostNowNs() - startedNs < forNs);
  return hostNowNs() - startedNs;
}
