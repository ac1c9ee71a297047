import test from 'ava';
import { PheromoneError } from '../core/errors.ts';
import { AppTable } from './apps.ts';
import { Granules } from './granules.ts';
import { APP_SLOTS, GRANULE_BYTES, reserveMemory } from './memory.ts';

const GRANULES = 16;

function tableOf() {
  const memory = reserveMemory({ arenaBytes: GRANULES * GRANULE_BYTES });
  return { table: new AppTable(memory), granules: new Granules(memory) };
}

test('an app is held to its bound, and told so by its name; others go on', (t) => {
  const { table, granules } = tableOf();
  table.open(0, 'mäßig', 3 * GRANULE_BYTES);
  table.open(1, 'other', undefined);
  const first = granules.claim(2, 0);
  const error = t.throws(() => granules.claim(2, 0), { instanceOf: PheromoneError });
  t.is(error?.code, 'OUT_OF_MEMORY');
  t.is(error?.message, 'app "mäßig": expected it to hold at most 196608 bytes of object memory, it holds 131072 and asks for 131072');
  t.is(table.usedBytes(0), 2 * GRANULE_BYTES, 'what is refused is not charged');
  granules.claim(GRANULES - 3, 1);
  granules.claim(1, 0);
  granules.free(first);
  t.is(table.usedBytes(0), GRANULE_BYTES);
  granules.claim(2, 0);
});

test('a claim that finds no memory charges nothing', (t) => {
  const { table, granules } = tableOf();
  table.open(0, 'a', undefined);
  t.throws(() => granules.claim(GRANULES + 1, 0), { instanceOf: PheromoneError });
  t.is(table.usedBytes(0), 0);
});

test('a bound of less than a granule is one granule', (t) => {
  const { table, granules } = tableOf();
  table.open(0, 'a', 1);
  granules.claim(1, 0);
  t.throws(() => granules.claim(1, 0), { instanceOf: PheromoneError });
});

test('places in the table are used again once their apps are gone', (t) => {
  const { table } = tableOf();
  table.open(0, 'first', undefined);
  t.is(t.throws(() => table.open(APP_SLOTS, 'second', undefined), { instanceOf: PheromoneError })?.code, 'OVERLOADED');
  table.close(0);
  table.open(APP_SLOTS, 'second', GRANULE_BYTES);
  t.regex(t.throws(() => table.charge(APP_SLOTS, 2))?.message ?? '', /^app "second"/);
  table.close(0);
  t.regex(t.throws(() => table.charge(APP_SLOTS, 2))?.message ?? '', /^app "second"/, 'the app of before closes nothing');
});
