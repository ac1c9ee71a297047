/** Takes a run apart into the time before, between, in and after its function bodies. */
import { HOST_CLOCK, type Trace } from '../workloads/api/driver.ts';

/** Where the time of one run went; in nanoseconds. On the host's clock the three parts add up to the whole. */
export interface LatencyParts {
  /** Call to first body, plus last body to result. Absent where the trace's clock is not the host's. */
  readonly externalNs?: number;
  /** Between the first body's start and the last body's end: time in which no body ran. */
  readonly betweenNs: number;
  /** Time in which at least one body ran. */
  readonly computeNs: number;
}

/** When the run was called and when its result came, on the host's clock. */
export interface CallTimes {
  readonly calledNs: number;
  readonly returnedNs: number;
}

interface Interval {
  readonly start: number;
  readonly end: number;
}

/** Total length of the union of intervals. */
function covered(intervals: readonly Interval[]): number {
  let length = 0;
  let reached = -Infinity;
  for (const { start, end } of intervals.toSorted((a, b) => a.start - b.start)) {
    length += Math.max(0, end - Math.max(start, reached));
    reached = Math.max(reached, end);
  }
  return length;
}

/**
 * Derives the parts of a run's latency from the spans of its bodies. On the host's clock, what bodies did after
 * the result (late ones of a k-out-of-n) does not count. Throws a `RangeError` for a trace that cannot be: a
 * span that ends before it starts, or that starts before the call.
 */
export function splitLatency(trace: Trace, call: CallTimes): LatencyParts {
  const onHostClock = trace.clock === HOST_CLOCK;
  const until = onHostClock ? call.returnedNs : Infinity;
  const intervals: Interval[] = [];
  for (const { fn, startedNs, endedNs } of trace.spans) {
    if (!(startedNs <= endedNs)) throw new RangeError(`span of ${fn}: expected an end at or after ${startedNs} ns, got ${endedNs} ns`);
    if (onHostClock && startedNs < call.calledNs) {
      throw new RangeError(`span of ${fn}: expected a start after the call at ${call.calledNs} ns, got ${startedNs} ns`);
    }
    if (startedNs < until) intervals.push({ start: startedNs, end: Math.min(endedNs, until) });
  }
  const extent =
    intervals.length === 0 ? 0 : Math.max(...intervals.map(({ end }) => end)) - Math.min(...intervals.map(({ start }) => start));
  const computeNs = covered(intervals);
  const parts = { betweenNs: extent - computeNs, computeNs };
  return onHostClock ? { externalNs: call.returnedNs - call.calledNs - extent, ...parts } : parts;
}
