import test from 'ava';
import { waitNs, waitsNs } from './delay.ts';

test('The delayed platform waits longer than its reference, by an amount that chance draws once, and varies little', (t) => {
  for (const chance of [0, 0.5, 0.999]) {
    const reference = waitsNs('wait', () => chance)();
    const delayed = waitsNs('delay', () => chance)();
    t.is(Math.round(delayed - reference), Math.round(0.2e6 + 0.6e6 * chance));
  }
  const next = waitsNs('delay', Math.random);
  const waits = Array.from({ length: 100 }, next);
  t.true(Math.max(...waits) - Math.min(...waits) < 20e3);
});

test('A wait takes at least as long as it is to, and tells how long it took', (t) => {
  for (const forNs of [0, 0.2e6, 2e6]) t.true(waitNs(forNs) >= forNs);
});
