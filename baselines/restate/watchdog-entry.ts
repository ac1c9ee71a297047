/** The watching thread: ends the process when an invocation has kept its main thread beyond its time. */
import { writeSync } from 'node:fs';
import { isMainThread, workerData } from 'node:worker_threads';
import { hostNowNs } from '../../workloads/api/run-body.ts';
import { CELL, REPORT_FD, TEXT_AT } from './watchdog.ts';

if (isMainThread) throw new Error('expected to be started as a thread, was imported or run');

/** An invocation that awaits is timed out by the main thread itself; only if that has not happened is it blocked. */
const GRACE_MS = 50;
const LOOK_MS = 50;

const { memory, startedMs } = workerData as { memory: SharedArrayBuffer; startedMs: number };
const cells = new Int32Array(memory, 0, TEXT_AT / Int32Array.BYTES_PER_ELEMENT);

for (;;) {
  const changes = Atomics.load(cells, CELL.CHANGES);
  const dueMs = Atomics.load(cells, CELL.DUE_MS);
  if (dueMs !== 0 && hostNowNs() / 1e6 - startedMs > dueMs + GRACE_MS) {
    const text = Buffer.from(memory, TEXT_AT, Atomics.load(cells, CELL.TEXT_BYTES)).toString();
    if (Atomics.load(cells, CELL.CHANGES) === changes) {
      writeSync(REPORT_FD, `${text}\n`);
      process.kill(process.pid, 'SIGKILL');
    }
  }
  // Nobody notifies: a plain wait for time to pass.
  Atomics.wait(cells, CELL.CHANGES, changes, LOOK_MS);
}
