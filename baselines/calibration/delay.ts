/** The delay that the calibration platform adds, and how it is waited out. */
import { hostNowNs } from '../../workloads/api/run-body.ts';

/** The shortest and the longest delay, in milliseconds. */
const SHORTEST_MS = 1;
const LONGEST_MS = 3;
/** A timer is late by up to this much; the rest is waited out by looking at the clock. */
const TIMER_LATE_MS = 1.5;

/** Delays from 1 to 3 ms, in nanoseconds, evenly spread; the same for the same seed (a linear congruential generator). */
export function delaysNs(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (SHORTEST_MS + ((LONGEST_MS - SHORTEST_MS) * state) / 2 ** 32) * 1e6;
  };
}

/** Waits at least `delayNs` and resolves with the nanoseconds that it really took. */
export async function waitNs(delayNs: number): Promise<number> {
  const startedNs = hostNowNs();
  const timerMs = Math.floor(delayNs / 1e6 - TIMER_LATE_MS);
  if (timerMs > 0) await new Promise((resolve) => setTimeout(resolve, timerMs));
  while (hostNowNs() - startedNs < delayNs);
  return hostNowNs() - startedNs;
}
