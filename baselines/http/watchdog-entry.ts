/** The watching thread: ends the process when an invocation has kept its main thread beyond its time. */
import { writeSync } from 'node:fs';
import { isMainThread, workerData } from 'node:worker_threads';
import { hostNowNs } from '../../workloads/api/run-body.ts';
import { CELL, DRIVER_FD, TEXT_AT } from './watchdog.ts';

if (isMainThread) throw new Error('expected to be started as a thread, was imported or run');

/** An invocation that awaits is timed out by the main thread itself; only if that has not happened is it blocked. */
const GRACE_MS = 50;
/** How often a busy process is looked at. */
const LOOK_MS = 100;
/** Looks without a change after which an idle process is no longer looked at. */
const IDLE_LOOKS = 10;

const { memory, startedMs } = workerData as { memory: SharedArrayBuffer; startedMs: number };
const cells = new Int32Array(memory);
let seen = -1;
let idle = 0;

for (;;) {
  const dueMs = Atomics.load(cells, CELL.DUE_MS);
  const changes = Atomics.load(cells, CELL.CHANGES);
  const leftMs = dueMs + GRACE_MS - (hostNowNs() / 1e6 - startedMs);
  if (dueMs !== 0 && leftMs <= 0) {
    const text = Buffer.from(memory, TEXT_AT, Atomics.load(cells, CELL.TEXT_BYTES)).toString();
    if (Atomics.load(cells, CELL.CHANGES) === changes) {
      writeSync(DRIVER_FD, `${text}\n`);
      process.kill(process.pid, 'SIGKILL');
    }
  }
  idle = dueMs === 0 && changes === seen ? idle + 1 : 0;
  seen = changes;
  if (idle < IDLE_LOOKS) {
    // Nobody notifies this cell's value: a plain wait for time to pass.
    Atomics.wait(cells, CELL.CHANGES, changes, dueMs === 0 ? LOOK_MS : Math.min(LOOK_MS, Math.max(1, leftMs)));
    continue;
  }
  Atomics.store(cells, CELL.PARKED, 1);
  // An invocation that began before the store was seen here, one that begins after it wakes this thread.
  if (Atomics.load(cells, CELL.CHANGES) === changes) Atomics.wait(cells, CELL.PARKED, 1);
  Atomics.store(cells, CELL.PARKED, 0);
  idle = 0;
}
