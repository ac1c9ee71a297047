import { Worker } from 'node:worker_threads';
import test from 'ava';
import { ReportReader, ReportWriter, reserveReports } from './reports.ts';

const CAPACITY = 8_192;
const POLLS = 1_000;

function blank() {
  return { type: 0, slot: 0, epoch: 0, ref: 0, fn: 0, count: 0, entry: 0, attempt: 0 };
}

test('reports are taken in their order, each thread has its own, and reading takes them off', (t) => {
  const buffer = reserveReports();
  const reader = new ReportReader(buffer);
  const [a, b] = [new ReportWriter(buffer, 1, t.fail), new ReportWriter(buffer, 63, t.fail)];
  a.push(1, 2, 3, 4, 5);
  b.push(6, 7, 8, 9);
  a.push(2, 0, 0, -1);
  t.false(reader.isEmpty(1) || reader.isEmpty(63));
  const report = blank();
  t.true(reader.take(1, report));
  t.like(report, { type: 1, slot: 2, epoch: 3, ref: 4, fn: 5 });
  t.true(reader.take(1, report));
  t.like(report, { type: 2, slot: 0, epoch: 0, ref: -1, fn: -1 });
  t.false(reader.take(1, report));
  t.true(reader.take(63, report));
  t.is(report.type, 6);
  t.true(reader.isEmpty(1) && reader.isEmpty(63));
});

test('a writer that follows another of the same number goes on where that one ended', (t) => {
  const buffer = reserveReports();
  const reader = new ReportReader(buffer);
  new ReportWriter(buffer, 5, t.fail).push(1, 1, 1, 1);
  new ReportWriter(buffer, 5, t.fail).push(2, 2, 2, 2);
  const report = blank();
  const types = [reader.take(5, report) && report.type, reader.take(5, report) && report.type, reader.take(5, report)];
  t.deepEqual(types, [1, 2, false]);
});

test('a writer that finds its ring full waits for the reader, wakes it, and loses nothing', async (t) => {
  const reports = reserveReports();
  const progress = new SharedArrayBuffer(8);
  const words = new Int32Array(progress);
  const amount = 3 * CAPACITY + 7;
  const worker = new Worker(new URL('./testing/report-entry.ts', import.meta.url), {
    workerData: { reports, thread: 2, amount, progress },
  });
  t.teardown(() => worker.terminate());
  await Atomics.waitAsync(words, 1, 0).value;
  t.is(Atomics.load(words, 0), CAPACITY, 'the ring holds so many');
  const reader = new ReportReader(reports);
  const report = blank();
  let taken = 0;
  for (let polls = 0; taken < amount && polls < POLLS; polls++) {
    for (; reader.take(2, report); taken++) {
      const { type, slot, epoch, ref, fn } = report;
      if (type !== 1 + (taken % 8) || slot !== taken || epoch !== 0 - taken || ref !== taken * 2 || fn !== taken * 3)
        return t.fail(`report ${taken} is ${JSON.stringify(report)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  t.is(taken, amount);
  t.is(Atomics.load(words, 0), amount);
});
