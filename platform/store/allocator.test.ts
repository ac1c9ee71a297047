import test from 'ava';
import { SessionAllocator } from './allocator.ts';
import { GRANULE_BYTES, reserveMemory, SESSION_SLOTS } from './memory.ts';
import { SessionTable } from './sessions.ts';

function setUp(granules: number) {
  const memory = reserveMemory({ arenaBytes: granules * GRANULE_BYTES });
  const table = new SessionTable(memory);
  return { table, as: (thread: number) => new SessionAllocator(memory, table, thread, (action) => action()) };
}

test('small pieces of a session lie side by side, those of another elsewhere', (t) => {
  const { table, as } = setUp(8);
  const allocator = as(1);
  const [one, other] = [table.open(0, 0, false), table.open(1, 0, false)];
  const first = allocator.allocate(0, one, 10);
  t.is(allocator.allocate(0, one, 100), first + 16);
  t.is(allocator.allocate(0, one, 1), first + 16 + 112);
  t.not(Math.floor(allocator.allocate(1, other, 1) / GRANULE_BYTES), Math.floor(first / GRANULE_BYTES));
  t.is(allocator.usedBytes, 2 * GRANULE_BYTES);
});

test('a large piece leaves the place for small ones as it is', (t) => {
  const { table, as } = setUp(16);
  const allocator = as(1);
  const epoch = table.open(0, 0, false);
  const small = allocator.allocate(0, epoch, 16);
  t.is(allocator.allocate(0, epoch, 3 * GRANULE_BYTES) % GRANULE_BYTES, 0);
  t.is(allocator.allocate(0, epoch, 16), small + 16);
});

test('the release of a session gives back what every thread claimed for it, and nothing else', (t) => {
  const { table, as } = setUp(32);
  const [a, b, scheduler] = [as(1), as(33), as(0)];
  const [one, other] = [table.open(0, 0, false), table.open(SESSION_SLOTS - 1, 0, false)];
  for (const allocator of [a, b]) {
    allocator.allocate(0, one, 100);
    allocator.allocate(0, one, 2 * GRANULE_BYTES);
    allocator.allocate(SESSION_SLOTS - 1, other, 100);
  }
  t.is(scheduler.usedBytes, 8 * GRANULE_BYTES);
  scheduler.release(0);
  table.release(0);
  t.is(scheduler.usedBytes, 2 * GRANULE_BYTES);
  scheduler.release(SESSION_SLOTS - 1);
  t.is(scheduler.usedBytes, 0);
});

test('a later session of a slot never gets memory of an earlier one that it has not claimed', (t) => {
  const { table, as } = setUp(2);
  const allocator = as(1);
  const earlier = table.open(0, 0, false);
  allocator.allocate(0, earlier, 16);
  allocator.release(0);
  table.release(0);
  const later = table.open(0, 0, false);
  t.not(later, earlier);
  allocator.allocate(0, later, 16);
  t.is(allocator.usedBytes, GRANULE_BYTES, 'the piece is counted as its own');
});
