import test from 'ava';
import fc from 'fast-check';
import { axisFor, spread } from './encode.ts';

test('labels that lie too close are moved apart, and keep their order', (t) => {
  t.deepEqual(spread([50, 10, 12], 14), [50, 10, 24]);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 8 }), (places) => {
      const moved = spread(places, 14).toSorted((a, b) => a - b);
      return moved.every((place, index) => index === 0 || place - (moved[index - 1] ?? 0) >= 14);
    }),
  );
  t.pass();
});

test('an axis starts at zero unless its values call for a logarithm', (t) => {
  t.true(axisFor([10, 20], 'time').scale.zero);
  t.is(axisFor([10, 2_000], 'time').scale.type, 'log');
  t.is(axisFor([10, 20], 'time', true).scale.type, 'log');
  t.is(axisFor([0, 20], 'time', true).scale.type, undefined);
  t.is(axisFor([], 'time', true).scale.type, undefined);
});
