/** Whether the harness measures right: it must find a delay of which it is known how long it really was. */
import type { Run, TrialRecord } from './records.ts';
import { bootstrapPaired, difference, type Estimate, median } from './statistics/bootstrap.ts';
import { deriveSeed, Random } from './statistics/random.ts';

/** The platform without and the one with the delay. */
const REFERENCE = 'null';
const DELAYED = 'delay';

/** What one run says about the delay; in nanoseconds. */
export interface CalibrationVerdict {
  /** Difference of the medians of the totals, with its 95 % interval. */
  readonly found: Estimate;
  /** Median of the delays as they really turned out. */
  readonly injectedNs: number;
  /** Whether the interval holds the delay. */
  readonly holds: boolean;
}

function measuredOn(run: Run, platform: string): TrialRecord[] {
  return run.records
    .filter((record) => record.kind === 'trial')
    .filter((trial) => trial.platform === platform && trial.phase === 'measured' && trial.outcome.kind === 'ok');
}

/**
 * Compares the delayed platform with its reference, paired by round. Throws an `Error` for a run that has no
 * round with both, or whose delayed platform does not report its delays.
 */
export function checkCalibration(run: Run): CalibrationVerdict {
  const reference = new Map(measuredOn(run, REFERENCE).map(({ round, totalNs }) => [round, totalNs]));
  const delayed = measuredOn(run, DELAYED).filter(({ round }) => reference.has(round));
  const injected = delayed.flatMap(({ outcome }) =>
    outcome.kind === 'ok' && outcome.injectedNs !== undefined ? [outcome.injectedNs] : [],
  );
  if (delayed.length === 0 || injected.length < delayed.length) {
    throw new Error(
      `calibration: expected rounds in which ${REFERENCE} and ${DELAYED} both ran and every delay is reported, ` +
        `got ${delayed.length} such rounds and ${injected.length} reports`,
    );
  }
  const pairs = delayed.map(({ round, totalNs }) => [totalNs, reference.get(round)!] as const);
  const found = bootstrapPaired(pairs, difference, { random: new Random(deriveSeed(run.manifest.seed, 3)) });
  const injectedNs = median(injected);
  return { found, injectedNs, holds: found.low <= injectedNs && injectedNs <= found.high };
}
