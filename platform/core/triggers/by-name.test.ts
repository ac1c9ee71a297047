import test from 'ava';
import { object } from '../testing/objects.ts';
import { byName } from './by-name.ts';

test('ByName (table 1: choice) fires with the objects of its key and with no others', (t) => {
  const trigger = byName('left');
  const [right, left, empty] = [object({ key: 'right' }), object({ key: 'left' }), object()];
  t.deepEqual(trigger.onObject(right, 0), []);
  t.deepEqual(trigger.onObject(left, 0), [{ objects: [left] }]);
  t.deepEqual(trigger.onObject(empty, 0), []);
});
