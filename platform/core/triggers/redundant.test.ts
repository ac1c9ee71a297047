import test from 'ava';
import fc from 'fast-check';
import { LIMITS } from '../limits.ts';
import { outcomeOf } from '../testing/models.ts';
import { object } from '../testing/objects.ts';
import { letGo } from '../trigger.ts';
import { Redundant } from './redundant.ts';

test('Redundant (table 1: k-out-of-n) fires with the first k of every n objects of a group, and never with later ones', (t) => {
  const counts = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.nat(3)).map(([k, spare]) => ({ k, n: k + spare }));
  fc.assert(
    fc.property(counts, fc.array(fc.constantFrom('', 'x', 'y'), { maxLength: 60 }), ({ k, n }, groups) => {
      const trigger = new Redundant('t', k, n);
      const sent = groups.map((group) => object({ group }));
      const told = sent.map((each) => ({ atMs: 0, object: each }));
      const { firings, waiting } = outcomeOf({ primitive: 'redundant', k, n }, told, 0);
      const returned = sent.flatMap((each) => trigger.onObject(each));
      const started = returned.filter(({ start }) => start !== false).map(({ objects }) => objects);
      t.deepEqual(started, firings);
      const letGo = returned.filter(({ start }) => start === false).flatMap(({ objects }) => objects);
      t.is(letGo.length + firings.flat().length + waiting.length, sent.length);
    }),
  );
});

test('a late object is let go of, and the group begins another set after its n-th object', (t) => {
  const trigger = new Redundant('t', 1, 2);
  const [first, late, next] = [object(), object(), object()];
  t.deepEqual(trigger.onObject(first), [{ objects: [first] }]);
  t.deepEqual(trigger.onObject(late), letGo(late));
  t.deepEqual(trigger.onObject(next), [{ objects: [next] }]);
});

test('a group too many that waits for its last objects is refused with OVERLOADED, and room comes with a complete set', (t) => {
  const trigger = new Redundant('votes', 1, 2);
  for (let group = 0; group < LIMITS.openGroupsPerTrigger; group += 1) trigger.onObject(object({ group: `${group}` }));
  const one = object({ group: 'one too many' });
  t.like(
    t.throws(() => trigger.onObject(one)),
    { code: 'OVERLOADED', message: 'trigger "votes": expected at most 1000000 groups of which objects are still to come, got one more' },
  );
  trigger.onObject(object({ group: '0' }));
  t.deepEqual(trigger.onObject(one), [{ objects: [one] }]);
});
