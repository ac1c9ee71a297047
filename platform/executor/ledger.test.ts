import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import fc from 'fast-check';
import { ENTRIES, type EntryId, type Invocation, Ledger, NONE, reserveLedger } from './ledger.ts';

const PRODUCERS = [0, 1];
const CLAIMERS = [1, 2, 63];

function blank(): Invocation {
  return { slot: 0, epoch: 0, fn: 0, inputs: 0, inputCount: 0, attempt: 0, dueMs: 0 };
}

test('an entry says what was published, until it is over', (t) => {
  const buffer = reserveLedger();
  const [scheduler, executor] = [new Ledger(buffer, 0), new Ledger(buffer, 3)];
  t.true(scheduler.publish(65_535, -5, 9_999, 123, 7, 2, 0));
  const id = executor.claim(0);
  t.deepEqual(executor.read(id, blank()), { slot: 65_535, epoch: -5, fn: 9_999, inputs: 123, inputCount: 7, attempt: 2, dueMs: 0 });
  executor.setDue(id, 17.9);
  t.is(scheduler.read(id, blank()).dueMs, 17);
  t.true(executor.finish(id, 3));
  t.false(executor.finish(id, 3), 'it ends once');
});

test('an entry says to the microsecond when it was published, for an hour, and when it began anew', (t) => {
  const buffer = reserveLedger();
  const [scheduler, executor] = [new Ledger(buffer, 0), new Ledger(buffer, 3)];
  const hourNs = 3_600e9;
  // Also where the word wraps in between.
  for (const queuedNs of [123_456_789, 2 ** 31 * 1_000 - 7, 2 ** 32 * 1_000 - 1, 5e15 + 1]) {
    scheduler.publish(1, 1, 9_999, 1, 1, 100, queuedNs);
    const id = executor.claim(0);
    for (const waitedNs of [0, 999, 50_000, hourNs]) {
      t.is(executor.queuedNs(id, queuedNs + waitedNs), Math.floor(queuedNs / 1_000) * 1_000);
    }
    executor.beginAttempt(id, 101, queuedNs + hourNs);
    t.is(executor.queuedNs(id, queuedNs + hourNs + 5_000), Math.floor((queuedNs + hourNs) / 1_000) * 1_000);
    const { fn, attempt } = executor.read(id, blank());
    t.deepEqual([fn, attempt], [9_999, 101]);
    executor.finish(id, 3);
  }
});

test('only who holds an entry can end it, and what was taken back is not ended twice', (t) => {
  const buffer = reserveLedger();
  const [scheduler, executor] = [new Ledger(buffer, 0), new Ledger(buffer, 3)];
  scheduler.publish(1, 1, 1, 1, 1, 1, 0);
  const id = executor.claim(0);
  t.false(executor.finish(id, 2));
  t.deepEqual(scheduler.heldBy(3), [id]);
  t.deepEqual(scheduler.heldBy(2), []);
  t.true(scheduler.finish(id, 3), 'taken back');
  t.false(executor.finish(id, 3), 'too late');
  t.deepEqual(scheduler.heldBy(3), []);
});

test('a full part takes nothing more until an entry is over, whichever it is', (t) => {
  const buffer = reserveLedger();
  const [producer, claimer] = [new Ledger(buffer, 1), new Ledger(buffer, 2)];
  for (let i = 0; i < ENTRIES; i++) t.true(producer.publish(i, 0, 0, 0, 1, 1, 0) || i);
  t.false(producer.publish(0, 0, 0, 0, 1, 1, 0));
  t.is(producer.waiting(1), ENTRIES);
  const held = Array.from({ length: ENTRIES }, () => claimer.claim(1));
  t.is(claimer.claim(1), NONE);
  t.false(producer.publish(0, 0, 0, 0, 1, 1, 0), 'claimed is not over');
  t.is(claimer.heldBy(2).length, ENTRIES);
  const some = held[(ENTRIES / 3) | 0] as EntryId;
  t.true(claimer.finish(some, 2));
  // It looks at a part of the entries each time.
  let tries = 0;
  while (!producer.publish(77, 0, 0, 0, 1, 1, 0) && tries < ENTRIES) tries++;
  t.false(producer.publish(0, 0, 0, 0, 1, 1, 0));
  t.is(claimer.claim(1), some);
  t.is(claimer.read(some, blank()).slot, 77);
});

test('a claim can be made to depend on the head that was looked at', (t) => {
  const buffer = reserveLedger();
  const [producer, claimer] = [new Ledger(buffer, 1), new Ledger(buffer, 2)];
  producer.publish(1, 0, 0, 0, 1, 1, 0);
  producer.publish(2, 0, 0, 0, 1, 1, 0);
  const head = claimer.head(1);
  t.true(claimer.peek(1, (slot) => slot === 1));
  t.not(producer.claim(1), NONE);
  t.is(claimer.claim(1, head), NONE);
  t.not(claimer.claim(1, claimer.head(1)), NONE);
  t.false(
    claimer.peek(1, () => true),
    'nothing waits',
  );
});

test('any sequence of publications, claims and ends keeps to plain queues', (t) => {
  const command = fc.oneof(
    fc.record({ type: fc.constant('publish' as const), thread: fc.constantFrom(...PRODUCERS) }),
    fc.record({ type: fc.constant('claim' as const), thread: fc.constantFrom(...CLAIMERS), part: fc.constantFrom(...PRODUCERS) }),
    fc.record({ type: fc.constant('finish' as const), thread: fc.constantFrom(...CLAIMERS), which: fc.nat(20) }),
  );
  const buffer = reserveLedger();
  const ledgers = new Map([0, 1, 2, 63].map((thread) => [thread, new Ledger(buffer, thread)]));
  const ledger = (thread: number): Ledger => ledgers.get(thread) as Ledger;
  // One ledger for all runs: what is left over from one is what the next begins with.
  const queues = new Map(PRODUCERS.map((part) => [part, [] as number[]]));
  const held = new Map<EntryId, { thread: number; serial: number }>();
  let serial = 0;
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      for (const step of commands) {
        if (step.type === 'publish') {
          if (!ledger(step.thread).publish(1, 2, 3, ++serial, 1, 1, 0)) return false;
          queues.get(step.thread)?.push(serial);
        } else if (step.type === 'claim') {
          const expected = queues.get(step.part)?.shift();
          const id = ledger(step.thread).claim(step.part);
          if ((expected === undefined) !== (id === NONE)) return false;
          if (expected === undefined) continue;
          if (held.has(id) || ledger(0).read(id, blank()).inputs !== expected) return false;
          held.set(id, { thread: step.thread, serial: expected });
        } else {
          const [id, holding] = [...held][step.which] ?? [];
          if (id === undefined || holding === undefined) continue;
          if (ledger(step.thread).finish(id, step.thread) !== (holding.thread === step.thread)) return false;
          if (holding.thread === step.thread) held.delete(id);
        }
      }
      return (
        PRODUCERS.every((part) => ledger(0).waiting(part) === queues.get(part)?.length) &&
        CLAIMERS.every((thread) => {
          const ids = [...held].filter(([, { thread: holder }]) => holder === thread).map(([id]) => id);
          return ledger(0).heldBy(thread).join() === ids.sort((a, b) => a - b).join();
        })
      );
    }),
    { numRuns: 50 },
  );
  t.pass();
});

test('of what several threads publish, several threads claim each entry once, and whole', async (t) => {
  const producers = [1, 2];
  const claimers = [3, 4, 5];
  const amount = 60_000;
  const wanted = producers.length * amount;
  const claimed = new SharedArrayBuffer((Math.max(...producers) + 1) * amount * 4);
  const common = { ledger: reserveLedger(), amount, claimed, total: new SharedArrayBuffer(4), wanted };
  const workers = [...producers, ...claimers].map((thread) => {
    const workerData = { ...common, thread, parts: claimers.includes(thread) ? producers : [] };
    return new Worker(new URL('./testing/ledger-entry.ts', import.meta.url), { workerData });
  });
  t.teardown(() => Promise.all(workers.map((worker) => worker.terminate())));
  const faults = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0] as number));
  t.deepEqual(
    faults,
    workers.map(() => 0),
  );
  const counts = new Int32Array(claimed, Math.min(...producers) * amount * 4);
  t.is(counts.length, wanted);
  t.true(counts.every((count) => count === 1));
  const ledger = new Ledger(common.ledger, 0);
  for (const thread of claimers) t.deepEqual(ledger.heldBy(thread), []);
});
