import test from 'ava';
import { object } from '../testing/objects.ts';
import { letGo } from '../trigger.ts';
import { byName } from './by-name.ts';

test('ByName (table 1: choice) fires with the objects of its key, and lets go of all others', (t) => {
  const trigger = byName('left');
  const [right, left, empty] = [object({ key: 'right' }), object({ key: 'left' }), object()];
  t.deepEqual(trigger.onObject(right, 0), letGo(right));
  t.deepEqual(trigger.onObject(left, 0), [{ objects: [left] }]);
  t.deepEqual(trigger.onObject(empty, 0), letGo(empty));
});
