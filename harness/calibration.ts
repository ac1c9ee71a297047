/** Whether the harness measures right: it must find a delay of which it is known how long it really was. */
import type { Run } from './records.ts';
import { bootstrapMedian, bootstrapPaired, difference, type Estimate, median } from './statistics/bootstrap.ts';
import { deriveSeed, Random } from './statistics/random.ts';

/**
 * The platform without and the one with the delay. The first waits as well, only less: a caller that has slept for
 * longer wakes later, by up to 0.1 ms, and that is neither the platform's nor the harness's.
 */
const REFERENCE = 'wait';
const DELAYED = 'delay';

/** What one run says about the delay; in nanoseconds. */
export interface CalibrationVerdict {
  /** Difference of the medians of the totals, with its 95 % interval. */
  readonly found: Estimate;
  /** Difference of the medians of the waits as they really turned out. */
  readonly injectedNs: number;
  /** Whether the interval holds the delay. */
  readonly holds: boolean;
  /** In each round, how much more the delayed platform took than its longer wait accounts for. */
  readonly errorsNs: readonly number[];
}

interface Measured {
  readonly totalNs: number;
  readonly injectedNs: number;
}

/** The measured trials that tell their wait, by round. */
function measuredOn(run: Run, platform: string): Map<number, Measured> {
  const trials = run.records
    .filter((record) => record.kind === 'trial')
    .filter((trial) => trial.platform === platform && trial.phase === 'measured');
  const told = trials.flatMap(({ round, totalNs, outcome }): [number, Measured][] =>
    outcome.kind === 'ok' && outcome.injectedNs !== undefined ? [[round, { totalNs, injectedNs: outcome.injectedNs }]] : [],
  );
  return new Map(told);
}

/**
 * Compares the delayed platform with its reference, paired by round. What is found rests on the totals alone.
 * Throws an `Error` for a run that has no round in which both report their waits.
 */
export function checkCalibration(run: Run): CalibrationVerdict {
  const reference = measuredOn(run, REFERENCE);
  const pairs = [...measuredOn(run, DELAYED)].flatMap(([round, delayed]) => {
    const other = reference.get(round);
    return other === undefined ? [] : [{ delayed, other }];
  });
  if (pairs.length === 0) {
    throw new Error(`calibration: expected rounds in which ${REFERENCE} and ${DELAYED} both ran and reported their waits, got none`);
  }
  const totals = pairs.map(({ delayed, other }) => [delayed.totalNs, other.totalNs] as const);
  const found = bootstrapPaired(totals, difference, { random: new Random(deriveSeed(run.manifest.seed, 3)) });
  const injectedNs = median(pairs.map(({ delayed }) => delayed.injectedNs)) - median(pairs.map(({ other }) => other.injectedNs));
  const errorsNs = pairs.map(({ delayed, other }) => delayed.totalNs - other.totalNs - (delayed.injectedNs - other.injectedNs));
  return { found, injectedNs, holds: found.low <= injectedNs && injectedNs <= found.high, errorsNs };
}

/** A bias of the harness beyond this is a fault, even if single runs are too noisy to show it. */
export const BIAS_LIMIT_NS = 0.1e6;

/** By how much the harness finds too much, over many runs, and whether it is surely less than {@link BIAS_LIMIT_NS}. */
export function checkBias(verdicts: readonly CalibrationVerdict[]): { readonly bias: Estimate; readonly holds: boolean } {
  const errorsNs = verdicts.flatMap((verdict) => verdict.errorsNs);
  const bias = bootstrapMedian(errorsNs, { random: new Random(deriveSeed(errorsNs.length, 4)) });
  return { bias, holds: bias.low > -BIAS_LIMIT_NS && bias.high < BIAS_LIMIT_NS };
}
