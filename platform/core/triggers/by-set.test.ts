import test from 'ava';
import fc from 'fast-check';
import { outcomeOf } from '../testing/models.ts';
import { object } from '../testing/objects.ts';
import { letGo } from '../trigger.ts';
import { BySet } from './by-set.ts';

function bySet(keys: readonly string[]): BySet {
  return new BySet(new Map(keys.map((key, slot) => [key, slot])));
}

test('BySet (table 1: assembling) fires once all keys are there, in the order of the keys, whatever the order of arrival', (t) => {
  const keys = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1 });
  const sent = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'other'), { maxLength: 40 });
  fc.assert(
    fc.property(keys, sent, (set, sentKeys) => {
      const trigger = bySet(set);
      const history = sentKeys.map((key) => object({ key }));
      const returned = history.flatMap((each) => trigger.onObject(each));
      const told = history.map((each) => ({ atMs: 0, object: each }));
      t.deepEqual(
        returned.filter(({ start }) => start !== false).map(({ objects }) => objects),
        outcomeOf({ primitive: 'by-set', keys: set }, told, 0).firings,
      );
    }),
  );
});

test('BySet keeps the first of two objects with one key, and lets go of the second', (t) => {
  const trigger = bySet(['a', 'b']);
  const [first, second, other] = [object({ key: 'a' }), object({ key: 'a' }), object({ key: 'b' })];
  t.deepEqual(
    [first, second, other].flatMap((each) => trigger.onObject(each)),
    [...letGo(second), { objects: [first, other] }],
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
