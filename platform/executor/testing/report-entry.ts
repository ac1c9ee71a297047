/** A thread that reports as often as its setup says, and counts how far it has come. */
import { workerData } from 'node:worker_threads';
import { ReportWriter } from '../reports.ts';

const { reports, thread, amount, progress } = workerData as {
  readonly reports: SharedArrayBuffer;
  readonly thread: number;
  readonly amount: number;
  /** Reports so far, and how often the reader was to be woken. */
  readonly progress: SharedArrayBuffer;
};
const words = new Int32Array(progress);
const writer = new ReportWriter(reports, thread, () => {
  Atomics.add(words, 1, 1);
  Atomics.notify(words, 1);
});
for (let i = 0; i < amount; i++) {
  writer.push(1 + (i % 8), i, -i, i * 2, i * 3);
  Atomics.store(words, 0, i + 1);
}
