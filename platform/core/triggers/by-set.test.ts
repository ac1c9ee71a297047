import test from 'ava';
import fc from 'fast-check';
import { object } from '../testing/objects.ts';
import type { Firing, ObjectMeta } from '../trigger.ts';
import { BySet } from './by-set.ts';

function bySet(keys: readonly string[]): BySet {
  return new BySet(new Map(keys.map((key, slot) => [key, slot])));
}

/** What should have fired, from the whole history: the shortest stretch that holds all keys, then the next such. */
function expected(keys: readonly string[], history: readonly ObjectMeta[]): Firing[] {
  const firstOf = (key: string) => history.findIndex((each) => each.key === key);
  const last = Math.max(...keys.map(firstOf));
  if (keys.some((key) => firstOf(key) < 0)) return [];
  return [{ objects: keys.map((key) => history[firstOf(key)]!) }, ...expected(keys, history.slice(last + 1))];
}

test('BySet (table 1: assembling) fires once all keys are there, in the order of the keys, whatever the order of arrival', (t) => {
  const keys = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1 });
  const sent = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'other'), { maxLength: 40 });
  fc.assert(
    fc.property(keys, sent, (set, sentKeys) => {
      const trigger = bySet(set);
      const history = sentKeys.map((key) => object({ key }));
      t.deepEqual(
        history.flatMap((each) => trigger.onObject(each)),
        expected(set, history),
      );
    }),
  );
});

test('BySet keeps the first of two objects with one key', (t) => {
  const trigger = bySet(['a', 'b']);
  const [first, second, other] = [object({ key: 'a' }), object({ key: 'a' }), object({ key: 'b' })];
  t.deepEqual(
    [first, second, other].flatMap((each) => trigger.onObject(each)),
    [{ objects: [first, other] }],
  );
});

test('states of one BySet do not see each other', (t) => {
  const slots = new Map([
    ['a', 0],
    ['b', 1],
  ]);
  const [one, two] = [new BySet(slots), new BySet(slots)];
  t.deepEqual(one.onObject(object({ key: 'a' })), []);
  t.deepEqual(two.onObject(object({ key: 'b' })), []);
});
