import test from 'ava';
import { ABSENT, BETWEEN, BODY, DYING, FULL, LOOP, PARKED, reserveThreads, SEARCHING, Threads } from './threads.ts';

/** Threads 1, 2, ... in these states. */
function threadsOf(...kinds: readonly number[]): Threads {
  const threads = new Threads(reserveThreads());
  for (const [index, kind] of kinds.entries()) {
    threads.admit(index + 1);
    threads.become(index + 1, kind);
  }
  return threads;
}

function kindsOf(threads: Threads): number[] {
  return Array.from({ length: threads.highest }, (_, i) => threads.kind(i + 1));
}

test('of idle threads one is woken, and counts as searching until it says otherwise', (t) => {
  const threads = threadsOf(BODY, PARKED, PARKED);
  t.true(threads.wakeOne());
  t.deepEqual(kindsOf(threads).toSorted(), [BODY, SEARCHING, PARKED].toSorted());
  t.false(threads.wakeOne(), 'that one will find the work');
});

test('a parked thread is woken rather than one that has bodies under way', (t) => {
  const threads = threadsOf(LOOP, PARKED, LOOP);
  t.true(threads.wakeOne());
  t.deepEqual(kindsOf(threads), [LOOP, SEARCHING, LOOP]);
});

test('threads in their event loops are woken in turn', (t) => {
  const threads = threadsOf(LOOP, FULL, LOOP);
  const woken: number[] = [];
  for (let i = 0; i < 4; i++) {
    t.true(threads.wakeOne());
    const thread = 1 + kindsOf(threads).indexOf(BETWEEN);
    woken.push(thread);
    threads.become(thread, LOOP);
  }
  t.deepEqual(woken, [1, 3, 1, 3]);
});

test('nobody is woken who is at work, full, dying or gone', (t) => {
  const kinds = [BODY, BETWEEN, FULL, DYING, ABSENT];
  const threads = threadsOf(...kinds);
  t.false(threads.wakeOne());
  t.deepEqual(kindsOf(threads), kinds);
});

test('an alert reaches a thread also where it cannot take more, and stays until it is cleared', (t) => {
  const threads = threadsOf(FULL, PARKED, BODY);
  for (const thread of [1, 2, 3]) threads.alert(thread);
  t.deepEqual(kindsOf(threads), [BETWEEN, SEARCHING, BODY]);
  t.deepEqual(
    [1, 2, 3].map((thread) => threads.isAlerted(thread)),
    [true, true, true],
  );
  threads.clearAlert(2);
  t.false(threads.isAlerted(2));
});

test('each body has a state of its own, so that a later one is not taken for the one that was looked at', (t) => {
  const threads = threadsOf(BETWEEN);
  const first = threads.enterBody(1, 17, 1_000, 5);
  t.is(threads.kind(1), BODY);
  t.is(threads.bodyEntry(1), 17);
  t.is(threads.bodyDueNs(1), 1_000 + 5e6);
  t.true(threads.swap(1, first, BETWEEN));
  const second = threads.enterBody(1, 18, 2_000, 5);
  t.not(first, second);
  t.false(threads.swap(1, first, DYING));
  t.true(threads.swap(1, second, DYING));
});

test('a thread that was declared dying learns it whatever it does next, and keeps its number of bodies for its successor', (t) => {
  const threads = threadsOf(BETWEEN);
  const state = threads.enterBody(1, 1, 0, 1);
  t.true(threads.swap(1, state, DYING));
  t.false(threads.swap(1, state, BETWEEN));
  t.is(threads.become(1, PARKED), -1);
  t.is(threads.enterBody(1, 2, 0, 1), -1);
  t.false(threads.beginCritical(1));
  t.false(threads.isCritical(1));
  threads.admit(1);
  t.is(threads.kind(1), BETWEEN);
  t.not(threads.enterBody(1, 1, 0, 1), state);
});

test('what must not end halfway is seen to its end', (t) => {
  const threads = threadsOf(BETWEEN);
  const state = threads.enterBody(1, 1, 0, 1);
  t.true(threads.beginCritical(1));
  t.true(threads.swap(1, state, DYING));
  t.true(threads.isCritical(1));
  threads.endCritical(1);
  t.false(threads.isCritical(1));
});

test('the count of bodies may wrap around', (t) => {
  const threads = threadsOf(BETWEEN);
  Atomics.store(threads.words, threads.stateAt(1), 0x7ffffff8 | BETWEEN);
  const state = threads.enterBody(1, 1, 0, 1);
  t.not(state, -1);
  t.is(threads.kind(1), BODY);
  t.true(threads.swap(1, state, BETWEEN));
  t.is(threads.kind(1), BETWEEN);
});

test('the scheduler sleeps until it is woken, and not where it has been woken before', async (t) => {
  const threads = threadsOf();
  const asleep = threads.schedulerSleeps();
  t.truthy(asleep);
  threads.wakeScheduler();
  await asleep;
  t.pass();
  threads.askToBeWatched();
  t.true(threads.isWatched);
});
