import test from 'ava';
import { bytesCopiedBy, copyFloorName } from './names.ts';

test('a copy is named by its size in the largest unit that leaves no fraction', (t) => {
  t.deepEqual([8, 1_000, 1_500, 10_000, 1_000_000, 100_000_000].map(copyFloorName), [
    'memcpy-8B',
    'memcpy-1kB',
    'memcpy-1500B',
    'memcpy-10kB',
    'memcpy-1MB',
    'memcpy-100MB',
  ]);
});

test('the size can be read off the name, and a floor that is no copy has none', (t) => {
  for (const bytes of [8, 1_500, 10_000, 100_000_000]) t.is(bytesCopiedBy(copyFloorName(bytes)), bytes);
  t.is(bytesCopiedBy('call'), undefined);
  t.is(bytesCopiedBy('memcpy-3parsecs'), undefined);
});
