import test from 'ava';
import { LIMITS } from '../core/limits.ts';
import { GRANULE_BYTES, reserveMemory, SESSION_SLOTS } from './memory.ts';
import { FreeSlots, OBJECTS, SessionTable } from './sessions.ts';

function newTable(): SessionTable {
  return new SessionTable(reserveMemory({ arenaBytes: GRANULE_BYTES }));
}

function joined(table: SessionTable, slot: number): number[] {
  const threads: number[] = [];
  table.forEachThread(slot, (thread) => threads.push(thread));
  return threads;
}

test('every thread that joined a session is visited once', (t) => {
  const table = newTable();
  table.open(0, 0, false);
  for (const thread of [63, 0, 31, 32, 7, 31]) table.join(0, thread);
  t.deepEqual(joined(table, 0), [0, 7, 31, 32, 63]);
  t.deepEqual(joined(table, 1), []);
});

test('a released slot knows nothing of its session any more, and the next one is another', (t) => {
  const table = newTable();
  const epoch = table.open(3, 12, true);
  t.is(table.app(3), 12);
  t.true(table.isTraced(3));
  table.join(3, 40);
  table.setHead(3, OBJECTS, 40, 99);
  table.abort(3);
  table.count(3, 0, 2);
  t.true(table.isAborted(3) && table.isTraced(3));
  table.release(3);
  t.false(table.isLive(3, epoch));
  const next = table.open(3, 1, false);
  t.true(table.isLive(3, next));
  t.false(table.isAborted(3) || table.isTraced(3));
  t.is(table.counter(3, 0), 0);
  t.is(table.head(3, OBJECTS, 40), 0);
  t.deepEqual(joined(table, 3), []);
  t.is(table.nextSerial(3), 0);
});

test('counters of sessions and sets are apart, up to the last', (t) => {
  const table = newTable();
  const last = SESSION_SLOTS - 1;
  table.open(last, 0, false);
  table.open(last - 1, 0, false);
  for (let set = 0; set <= LIMITS.watchSetsPerApp; set++) t.is(table.count(last, set, set + 1), set + 1);
  for (let set = 0; set <= LIMITS.watchSetsPerApp; set++) {
    t.is(table.counter(last, set), set + 1);
    t.is(table.counter(last - 1, set), 0);
  }
  t.is(table.app(last), 0);
});

test('free slots run out, and the one freed last is taken first', (t) => {
  const slots = new FreeSlots();
  const taken = new Set(Array.from({ length: SESSION_SLOTS }, () => slots.take()));
  t.is(taken.size, SESSION_SLOTS);
  t.is(slots.take(), -1);
  slots.give(5);
  slots.give(9);
  t.deepEqual([slots.take(), slots.take(), slots.take()], [9, 5, -1]);
});
