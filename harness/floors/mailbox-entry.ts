/** The receiving thread of the mailbox floors: parked until asked, then spinning for as long as it is told to. */
import { isMainThread, workerData } from 'node:worker_threads';
import { MESSAGE, REQUEST, SEEN, SPIN, WOKEN_NS } from './mailbox-layout.ts';

if (isMainThread) throw new Error('mailbox-entry: expected to run as a worker thread');

const words = new Int32Array(workerData as SharedArrayBuffer);
const times = new BigInt64Array(workerData as SharedArrayBuffer);

for (let request = 0; ; request++) {
  Atomics.wait(words, REQUEST, request);
  // The atomic store of SEEN publishes the plain store before it.
  times[WOKEN_NS] = process.hrtime.bigint();
  do Atomics.store(words, SEEN, Atomics.load(words, MESSAGE));
  while (Atomics.load(words, SPIN) === 1);
}
