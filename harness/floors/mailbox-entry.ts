/** The receiving thread of the mailbox floors: parked until asked, then spinning for as long as it is told to. */
import { parentPort, workerData } from 'node:worker_threads';
import { BEGUN, MESSAGE, REQUEST, SEEN, SPIN, WOKEN_NS } from './mailbox-layout.ts';

if (parentPort === null) throw new Error('mailbox-entry: expected to run as a worker thread');

const words = new Int32Array(workerData as SharedArrayBuffer);
const times = new BigInt64Array(workerData as SharedArrayBuffer);

parentPort.postMessage('ready');
for (let request = 1; ; request++) {
  Atomics.wait(words, REQUEST, request - 1);
  // The atomic store of BEGUN publishes the plain store before it.
  times[WOKEN_NS] = process.hrtime.bigint();
  Atomics.store(words, BEGUN, request);
  while (Atomics.load(words, SPIN) === request) Atomics.store(words, SEEN, Atomics.load(words, MESSAGE));
}
