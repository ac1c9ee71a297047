import test from 'ava';
import fc from 'fast-check';
import { outcomeOf } from '../testing/models.ts';
import { expectation, object } from '../testing/objects.ts';
import { letGo } from '../trigger.ts';
import { DynamicJoin } from './dynamic-join.ts';

const GROUPS = ['', 'x', 'y'];
const KEYS = ['a', 'b', 'c', 'd'];

test('DynamicJoin (table 1: dynamic parallel) fires once all declared objects of a group are there, in the declared order', (t) => {
  const sent = fc.array(fc.record({ group: fc.constantFrom(...GROUPS), key: fc.constantFrom(...KEYS) }), { maxLength: 40 });
  const declared = fc.record({ keys: fc.shuffledSubarray(KEYS), after: fc.nat(40) });
  fc.assert(
    fc.property(sent, fc.array(declared, { maxLength: GROUPS.length }), (objects, declarations) => {
      const trigger = new DynamicJoin('t');
      const told = objects.map((parts, index) => ({ index, told: { atMs: 0, object: object(parts) } }));
      const expected = declarations.map(({ keys, after }, index) => {
        return { index: after, told: { atMs: 0, expected: expectation({ group: GROUPS[index]!, keys }) } };
      });
      const history = [...told, ...expected].sort((a, b) => a.index - b.index).map((each) => each.told);
      const returned = history.flatMap((each) => ('object' in each ? trigger.onObject(each.object) : trigger.onExpected(each.expected)));
      t.deepEqual(
        returned.filter(({ start }) => start !== false).map((firing) => firing.objects),
        outcomeOf({ primitive: 'dynamic-join' }, history, 0).firings,
      );
    }),
  );
});

test('a declaration of no keys fires at once, without objects', (t) => {
  t.deepEqual(new DynamicJoin('t').onExpected(expectation({ keys: [] })), [{ objects: [] }]);
});

test('DynamicJoin keeps the first of two objects with one key, before the declaration as after it', (t) => {
  const trigger = new DynamicJoin('t');
  const [early, twin, other, late] = ['a', 'a', 'b', 'b'].map((key) => object({ key }));
  t.deepEqual(trigger.onObject(early!), []);
  t.deepEqual(trigger.onObject(twin!), letGo(twin!));
  t.deepEqual(trigger.onExpected(expectation({ keys: ['b', 'a'] })), []);
  t.deepEqual(trigger.onObject(other!), [{ objects: [other!, early!] }]);
  t.deepEqual(trigger.onObject(late!), letGo(late!));
});

test('objects that were not declared do not concern a join', (t) => {
  const trigger = new DynamicJoin('t');
  const [early, late] = [object({ key: 'early' }), object({ key: 'late' })];
  trigger.onObject(early);
  t.deepEqual(trigger.onExpected(expectation({ keys: ['a'] })), []);
  t.deepEqual(trigger.onObject(late), letGo(late));
  const a = object({ key: 'a' });
  t.deepEqual(trigger.onObject(a), [{ objects: [a] }]);
});

test('a second declaration for a group is refused, also after the firing, and so is a key that is named twice', (t) => {
  const trigger = new DynamicJoin('join');
  const declare = (keys: readonly string[]) => () => void trigger.onExpected(expectation({ source: 'split', group: 'g', keys }));
  t.like(t.throws(declare(['a', 'b', 'a'])), {
    code: 'INVALID_ARGUMENT',
    message: 'trigger "join": expected each key once, got one twice from "split" for group "g"',
  });
  declare([])();
  t.like(t.throws(declare(['a'])), {
    code: 'INVALID_ARGUMENT',
    message: 'trigger "join": expected one declaration for a group, got a second from "split" for group "g"',
  });
});
