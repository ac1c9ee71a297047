import test from 'ava';
import { bootstrapComparison, bootstrapMedian, bootstrapPaired, difference, median, ratio } from './bootstrap.ts';
import { Random } from './random.ts';

/** A skewed distribution as latencies have it: exponential, with the median `scale` times the logarithm of 2. */
const exponential = (random: Random, scale: number): number => -Math.log(1 - random.float()) * scale;
const sample = (random: Random, size: number, scale = 1): number[] => Array.from({ length: size }, () => exponential(random, scale));

/** In how many of 300 simulated experiments the 95 % interval holds the truth. */
function coverage(estimate: (random: Random) => { low: number; high: number }, truth: number): number {
  const random = new Random(42);
  let held = 0;
  for (let i = 0; i < 300; i++) {
    const { low, high } = estimate(random);
    if (low <= truth && truth <= high) held++;
  }
  return held / 300;
}

test('the median of an even number of values lies between the middle two, and the values stay as they were', (t) => {
  const values = [4, 1, 3, 2];
  t.is(median(values), 2.5);
  t.deepEqual(values, [4, 1, 3, 2]);
});

test('a median of nothing is refused', (t) => {
  t.throws(() => median([]), { instanceOf: RangeError, message: /expected at least one value/ });
});

test('equal values have an interval of no width', (t) => {
  t.deepEqual(bootstrapMedian([5, 5, 5], { random: new Random(1) }), { value: 5, low: 5, high: 5 });
});

test('the same seed gives the same interval', (t) => {
  const values = sample(new Random(9), 40);
  t.deepEqual(bootstrapMedian(values, { random: new Random(1) }), bootstrapMedian(values, { random: new Random(1) }));
});

test('a wider confidence gives a wider interval', (t) => {
  const values = sample(new Random(9), 40);
  const narrow = bootstrapMedian(values, { random: new Random(1), confidence: 0.5 });
  const wide = bootstrapMedian(values, { random: new Random(1), confidence: 0.99 });
  t.true(wide.low < narrow.low && narrow.high < wide.high);
});

test('the interval of a median holds the truth in about 95 of 100 simulated experiments', (t) => {
  const held = coverage((random) => bootstrapMedian(sample(random, 40), { random, resamples: 400 }), Math.LN2);
  t.true(held >= 0.92 && held <= 0.98, `held in ${held}`);
});

test('the interval of a ratio of medians holds the truth in about 95 of 100 simulated experiments', (t) => {
  const held = coverage((random) => bootstrapComparison(sample(random, 40, 3), sample(random, 40), ratio, { random, resamples: 400 }), 3);
  t.true(held >= 0.92 && held <= 0.99, `held in ${held}`);
});

test('the interval of a paired difference of medians holds the truth in about 95 of 100 simulated experiments', (t) => {
  const held = coverage((random) => {
    const pairs = Array.from({ length: 40 }, (): [number, number] => [5 + exponential(random, 1), exponential(random, 1)]);
    return bootstrapPaired(pairs, difference, { random, resamples: 400 });
  }, 5);
  t.true(held >= 0.92 && held <= 0.99, `held in ${held}`);
});

test('pairing cancels what moves both values of a round', (t) => {
  const random = new Random(5);
  const pairs = Array.from({ length: 40 }, (): [number, number] => {
    const load = 1 + 20 * random.float();
    return [load * (2 + 0.01 * random.float()), load];
  });
  const paired = bootstrapPaired(pairs, ratio, { random });
  const independent = bootstrapComparison(
    pairs.map(([left]) => left),
    pairs.map(([, right]) => right),
    ratio,
    { random },
  );
  t.true(paired.high - paired.low < (independent.high - independent.low) / 10);
});
