import test from 'ava';
import { object } from '../testing/objects.ts';
import { immediate } from './immediate.ts';

test('Immediate (table 1: sequence, fan-out) fires with each object alone', (t) => {
  const sent = [object({ key: 'a' }), object({ key: 'a' })];
  t.deepEqual(
    sent.flatMap((each) => immediate.onObject(each, 0)),
    sent.map((each) => ({ objects: [each] })),
  );
});
