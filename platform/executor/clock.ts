// Both read CLOCK_MONOTONIC; performance.now() counts from the thread's start, and costs no BigInt.
const originNs = Number(process.hrtime.bigint()) - performance.now() * 1e6;

/** Nanoseconds on the clock that all processes of the machine share (that of `process.hrtime`). */
export function hostNowNs(): number {
  return originNs + performance.now() * 1e6;
}
