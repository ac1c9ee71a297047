/** Now, in nanoseconds on the clock that all processes of the host share (CLOCK_MONOTONIC). */
export const nowNs = (): number => Number(process.hrtime.bigint());
