import test from 'ava';
import fc from 'fast-check';
import { PheromoneError } from '../errors.ts';
import { object } from '../testing/objects.ts';
import type { Firing, ObjectMeta } from '../trigger.ts';
import { DynamicGroup } from './dynamic-group.ts';

const DONE = 'sources done';

/** What should have fired, from the whole history: for each stretch up to a `DONE` its objects by group. */
function expected(history: readonly (ObjectMeta | typeof DONE)[]): Firing[] {
  const end = history.indexOf(DONE);
  if (end < 0) return [];
  const gathered = history.slice(0, end) as ObjectMeta[];
  const groups = [...new Set(gathered.map((each) => each.group))];
  return [...groups.map((group) => ({ objects: gathered.filter((each) => each.group === group) })), ...expected(history.slice(end + 1))];
}

test('DynamicGroup (table 1: shuffle) fires once a group when all sources are over, objects in order of arrival', (t) => {
  const event = fc.oneof({ weight: 6, arbitrary: fc.constantFrom('x', 'y', 'z') }, { weight: 1, arbitrary: fc.constant(DONE) });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const trigger = new DynamicGroup('t');
      const history = events.map((each) => (each === DONE ? DONE : object({ group: each })));
      t.deepEqual(
        history.flatMap((each) => (each === DONE ? trigger.onSourcesDone() : trigger.onObject(each))),
        expected(history),
      );
    }),
  );
});

test('DynamicGroup without objects does not fire', (t) => {
  t.deepEqual(new DynamicGroup('t').onSourcesDone(), []);
});

test('DynamicGroup refuses an object without a group, and says which', (t) => {
  const error = t.throws(() => new DynamicGroup('shuffle').onObject(object({ source: 'map', key: 'k' })), { instanceOf: PheromoneError });
  t.is(error.code, 'INVALID_ARGUMENT');
  t.regex(error.message, /trigger "shuffle": expected .* in bucket "b" to name a group, got one from "map" with key "k"/);
});
