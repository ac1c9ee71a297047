import test from 'ava';
import { deriveSeed, Random } from './random.ts';

test('the generator gives the published sequence of xoshiro128**', (t) => {
  const random = Random.fromState([1, 2, 3, 4]);
  t.deepEqual(
    Array.from({ length: 4 }, () => random.uint32()),
    [11520, 0, 5927040, 70819200],
  );
});

test('the same seed gives the same numbers, another seed others', (t) => {
  const draw = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 8 }, () => random.uint32());
  };
  t.deepEqual(draw(7), draw(7));
  t.notDeepEqual(draw(7), draw(8));
});

test('floats are uniform over 0 to 1', (t) => {
  const random = new Random(1);
  const tenths = new Array<number>(10).fill(0);
  for (let i = 0; i < 100_000; i++) tenths[Math.floor(random.float() * 10)]! += 1;
  t.true(tenths.every((count) => Math.abs(count - 10_000) < 500));
});

test('a shuffle keeps the items and reaches every order', (t) => {
  const random = new Random(3);
  const orders = new Set(Array.from({ length: 200 }, () => random.shuffle(['a', 'b', 'c']).join('')));
  t.deepEqual([...orders].sort(), ['abc', 'acb', 'bac', 'bca', 'cab', 'cba']);
});

test('derived seeds differ by every part and by their order, and fit 31 bits', (t) => {
  const seeds = [deriveSeed(1), deriveSeed(1, 0), deriveSeed(1, 2, 3), deriveSeed(1, 3, 2), deriveSeed(2, 2, 3)];
  t.is(new Set(seeds).size, seeds.length);
  t.true(seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 31));
});
