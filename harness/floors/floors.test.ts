import test from 'ava';
import { type OpenFloors, openFloors } from './floors.ts';

const open = async (largestValueBytes: number, use: (floors: OpenFloors) => Promise<void>): Promise<void> => {
  const floors = await openFloors(largestValueBytes);
  try {
    await use(floors);
  } finally {
    await floors.close();
  }
};

test('every floor gives a positive figure, again and again', async (t) => {
  await open(8, async ({ floors }) => {
    for (let round = 0; round < 3; round++) {
      for (const { name, sample } of floors) {
        const valueNs = await sample();
        t.true(Number.isFinite(valueNs) && valueNs > 0, `${name}: ${valueNs}`);
      }
    }
  });
});

test('floors have unique names, the large copy only for a run that exchanges as much', async (t) => {
  const names: string[][] = [];
  for (const bytes of [8, 100_000_000]) await open(bytes, async ({ floors }) => void names.push(floors.map(({ name }) => name)));
  const small = ['call', 'mailbox-spinning', 'mailbox-parked', 'tcp-round-trip', 'memcpy-8B', 'memcpy-1MB'];
  t.deepEqual(names, [small, [...small, 'memcpy-100MB']]);
});

test('a copy of a megabyte takes longer than one of 8 bytes', async (t) => {
  await open(8, async ({ floors }) => {
    const byName = new Map(floors.map((floor) => [floor.name, floor]));
    t.true((await byName.get('memcpy-1MB')!.sample()) > (await byName.get('memcpy-8B')!.sample()));
  });
});
