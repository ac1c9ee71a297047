import test from 'ava';
import { ecdf } from './distribution.ts';

test('a small sample keeps every one of its values', (t) => {
  t.deepEqual(ecdf([30, 10, 20, 20]), [
    [10, 0],
    [10, 0.25],
    [20, 0.5],
    [20, 0.75],
    [30, 1],
  ]);
});

test('a large sample is thinned, and keeps its least and its greatest value', (t) => {
  const steps = ecdf(Array.from({ length: 10_000 }, (_, index) => index));
  t.true(steps.length < 300);
  t.deepEqual(steps.at(0), [0, 0]);
  t.deepEqual(steps.at(-1), [9_999, 1]);
});
