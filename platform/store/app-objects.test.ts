import test from 'ava';
import { PheromoneError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { AppObjects } from './app-objects.ts';

test('a copy is held, and counted, until it is dropped', (t) => {
  const objects = new AppObjects<string>();
  const bytes = Uint8Array.of(1, 2, 3);
  const first = objects.hold(bytes, 'first');
  const second = objects.hold(Uint8Array.of(4), 'second');
  bytes.fill(0);
  t.deepEqual(objects.get(first), { bytes: Uint8Array.of(1, 2, 3), label: 'first' });
  t.is(objects.heldBytes, 4);
  objects.drop([first, first]);
  t.is(objects.get(first), undefined);
  t.is(objects.heldBytes, 1);
  t.is(objects.get(second)?.label, 'second');
});

test('more bytes than may be held are refused, and nothing is held of them', (t) => {
  const objects = new AppObjects<string>();
  objects.hold(new Uint8Array(1), '');
  const tooMuch = { length: LIMITS.heldBytes } as unknown as Uint8Array;
  const error = t.throws(() => objects.hold(tooMuch, ''), { instanceOf: PheromoneError });
  t.is(error?.code, 'OVERLOADED');
  t.is(objects.heldBytes, 1);
});
