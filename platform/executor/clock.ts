/** Tries for a pair of readings with nothing in between; a thread that is interrupted at that moment would be off for good. */
const TRIES = 20;

// Both clocks read CLOCK_MONOTONIC; performance.now() counts from the thread's start, and costs no BigInt.
const originNs = readOrigin();

/** Whole nanoseconds on the clock that all processes of the machine share (that of `process.hrtime`). */
export function hostNowNs(): number {
  return Math.round(originNs + performance.now() * 1e6);
}

/** Milliseconds on the same clock: the time that core is told. */
export function hostNowMs(): number {
  return hostNowNs() / 1e6;
}

function readOrigin(): number {
  let origin = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIES; i++) {
    const before = performance.now();
    const hostNs = Number(process.hrtime.bigint());
    const after = performance.now();
    if (after - before >= least) continue;
    least = after - before;
    origin = hostNs - ((before + after) / 2) * 1e6;
  }
  return origin;
}
