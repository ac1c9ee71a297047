/** Percentile bootstrap (Efron and Tibshirani, 1993, chapter 13) of medians, their ratios and their differences. */
import { medianSorted, quantileSorted } from 'simple-statistics';
import type { Random } from './random.ts';

/** An estimate with its confidence interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** How sure, and from how many resamples. */
export interface BootstrapOptions {
  readonly random: Random;
  /** Default 0.95. */
  readonly confidence?: number;
  /** Default 1,000. */
  readonly resamples?: number;
}

/** What two medians are compared by. */
export type Comparison = (left: number, right: number) => number;
export const ratio: Comparison = (left, right) => left / right;
export const difference: Comparison = (left, right) => left - right;

/** Sorts in place. The statistics library reads any indexed sequence, though its types ask for an array. */
const sorted = (values: Float64Array): number[] => values.sort() as unknown as number[];
const medianOf = (values: Float64Array): number => medianSorted(sorted(values));

/** The median of `values` taken as they are. Throws a `RangeError` if there are none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('median: expected at least one value, got none');
  return medianOf(Float64Array.from(values));
}

function interval(value: number, resample: () => number, { confidence = 0.95, resamples = 1_000 }: BootstrapOptions): Estimate {
  const replicates = sorted(Float64Array.from({ length: resamples }, resample));
  const tail = (1 - confidence) / 2;
  return { value, low: quantileSorted(replicates, tail), high: quantileSorted(replicates, 1 - tail) };
}

/** Fills `into` with values of `from`, drawn with replacement. */
function draw(from: readonly number[], into: Float64Array, random: Random): Float64Array {
  for (let i = 0; i < into.length; i++) into[i] = from[random.below(from.length)]!;
  return into;
}

/** The median of independent values. Throws a `RangeError` if there are none. */
export function bootstrapMedian(values: readonly number[], options: BootstrapOptions): Estimate {
  const scratch = new Float64Array(values.length);
  return interval(median(values), () => medianOf(draw(values, scratch, options.random)), options);
}

/** Compares the medians of two independent samples. Throws a `RangeError` if one is empty. */
export function bootstrapComparison(
  left: readonly number[],
  right: readonly number[],
  compare: Comparison,
  options: BootstrapOptions,
): Estimate {
  const scratch = { left: new Float64Array(left.length), right: new Float64Array(right.length) };
  const resample = (): number =>
    compare(medianOf(draw(left, scratch.left, options.random)), medianOf(draw(right, scratch.right, options.random)));
  return interval(compare(median(left), median(right)), resample, options);
}

/**
 * Compares the medians of two samples taken side by side: whole pairs are drawn, so that what moved both values
 * of a round (a busy machine) does not widen the interval. Throws a `RangeError` if there are no pairs.
 */
export function bootstrapPaired(pairs: readonly (readonly [number, number])[], compare: Comparison, options: BootstrapOptions): Estimate {
  const left = new Float64Array(pairs.length);
  const right = new Float64Array(pairs.length);
  const resample = (): number => {
    for (let i = 0; i < pairs.length; i++) {
      const pair = pairs[options.random.below(pairs.length)]!;
      left[i] = pair[0];
      right[i] = pair[1];
    }
    return compare(medianOf(left), medianOf(right));
  };
  return interval(compare(median(pairs.map(([value]) => value)), median(pairs.map(([, value]) => value))), resample, options);
}
