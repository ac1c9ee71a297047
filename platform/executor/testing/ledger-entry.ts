/** A thread that publishes in its own part, or claims from the parts of others, as its setup says. */
import { parentPort, workerData } from 'node:worker_threads';
import { type Invocation, Ledger, NONE } from '../ledger.ts';

interface Setup {
  readonly ledger: SharedArrayBuffer;
  readonly thread: number;
  /** Parts to claim from; none: publish. */
  readonly parts: readonly number[];
  /** How many each producer publishes. */
  readonly amount: number;
  /** For each part and entry how often it was claimed. */
  readonly claimed: SharedArrayBuffer;
  /** Claims of all threads. */
  readonly total: SharedArrayBuffer;
  readonly wanted: number;
}

const { ledger: buffer, thread, parts, amount, claimed, total, wanted } = workerData as Setup;
const ledger = new Ledger(buffer, thread);
const counts = new Int32Array(claimed);
const sum = new Int32Array(total);
const entry: Invocation = { slot: 0, epoch: 0, fn: 0, inputs: 0, inputCount: 0, attempt: 0, dueMs: 0 };
let faults = 0;

for (let i = 0; parts.length === 0 && i < amount; i++) {
  while (!ledger.publish(thread, i ^ 0x5555, i & 1_023, i, 1, 1, 0)) Atomics.wait(sum, 0, Atomics.load(sum, 0), 1);
}
while (parts.length > 0 && Atomics.load(sum, 0) < wanted) {
  for (const part of parts) {
    const id = ledger.claim(part);
    if (id === NONE) continue;
    const { slot, epoch, fn, inputs } = ledger.read(id, entry);
    // A torn entry would show as words of different ones.
    if (slot !== part || epoch !== (inputs ^ 0x5555) || fn !== (inputs & 1_023)) faults++;
    Atomics.add(counts, part * amount + inputs, 1);
    if (!ledger.finish(id, thread)) faults++;
    Atomics.add(sum, 0, 1);
  }
}
parentPort?.postMessage(faults);
