import test from 'ava';
import { type OpenFloors, openFloors } from './floors.ts';

const open = async (payloadBytes: readonly number[], use: (floors: OpenFloors) => Promise<void>): Promise<void> => {
  const floors = await openFloors(payloadBytes);
  try {
    await use(floors);
  } finally {
    await floors.close();
  }
};

test('every floor gives a positive figure, again and again', async (t) => {
  await open([8], async ({ floors }) => {
    for (let round = 0; round < 3; round++) {
      for (const { name, sample } of floors) {
        const valueNs = await sample();
        t.true(Number.isFinite(valueNs) && valueNs > 0, `${name}: ${valueNs}`);
      }
    }
  });
});

test('floors have unique names, and a copy for every size that the run exchanges', async (t) => {
  const names: string[][] = [];
  for (const sizes of [[], [10_000, 8, 10_000]]) await open(sizes, async ({ floors }) => void names.push(floors.map(({ name }) => name)));
  const others = ['call', 'mailbox-spinning', 'mailbox-parked', 'tcp-round-trip'];
  t.deepEqual(names, [
    [...others, 'memcpy-8B', 'memcpy-1MB'],
    [...others, 'memcpy-8B', 'memcpy-10kB', 'memcpy-1MB'],
  ]);
});

test('a copy of a megabyte takes longer than one of 8 bytes', async (t) => {
  await open([8], async ({ floors }) => {
    const byName = new Map(floors.map((floor) => [floor.name, floor]));
    t.true((await byName.get('memcpy-1MB')!.sample()) > (await byName.get('memcpy-8B')!.sample()));
  });
});
