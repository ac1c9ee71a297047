import test from 'ava';
import { Random } from '../statistics/random.ts';
import { roundSteps } from './steps.ts';

const order = (seed: number): string[] =>
  roundSteps(['a', 'b'], ['x', 'y', 'z'], ['tcp', 'call'], new Random(seed)).map((step) =>
    step.kind === 'floor' ? step.floor : `${step.case}-${step.platform}`,
  );

test('a round has every case on every platform and every floor once', (t) => {
  t.deepEqual(order(1).sort(), ['a-x', 'a-y', 'a-z', 'b-x', 'b-y', 'b-z', 'call', 'tcp']);
});

test('the same seed gives the same order, and seeds reach every order of the platforms', (t) => {
  t.deepEqual(order(1), order(1));
  const orders = Array.from({ length: 100 }, (_, seed) =>
    order(seed)
      .filter((step) => step.startsWith('a-'))
      .join(),
  );
  t.is(new Set(orders).size, 6);
});

test('floors reach every place of a round', (t) => {
  const places = new Set(Array.from({ length: 200 }, (_, seed) => order(seed).indexOf('tcp')));
  t.is(places.size, 8);
});

test('a round without cases has its floors', (t) => {
  t.is(roundSteps([], [], ['tcp', 'call'], new Random(1)).length, 2);
});
