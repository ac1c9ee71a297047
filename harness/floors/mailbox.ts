import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { beside } from '../../workloads/api/workflow.ts';
import { nowNs } from '../clock.ts';
import type { Floor } from './floor.ts';
import { MAILBOX_BYTES, MESSAGE, REQUEST, SEEN, SPIN, WOKEN_NS } from './mailbox-layout.ts';

const SPINNING_EXCHANGES = 200;
/** Where both threads share a core, an exchange takes two time slices of the kernel. */
const SPINNING_FOR_MS = 5;
const PARKED_HOPS = 3;
/** Long enough for the receiver to park and for its core to go to sleep, as it would between two calls. */
const PARK_MS = 1;
const ANSWER_WITHIN_MS = 2_000;

/** The sender's side: memory shared with a thread that answers every message. */
class Mailbox {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #times: BigInt64Array<SharedArrayBuffer>;
  readonly #receiver: Worker;
  #failure: Error | undefined;

  constructor() {
    const memory = new SharedArrayBuffer(MAILBOX_BYTES);
    this.#words = new Int32Array(memory);
    this.#times = new BigInt64Array(memory);
    this.#receiver = new Worker(new URL(beside(import.meta.url, 'mailbox-entry')), { workerData: memory });
    this.#receiver.on('error', (error) => {
      this.#failure = error;
    });
  }

  /** Spins until the receiver has seen `message`. */
  #awaitSeen(message: number): void {
    const untilNs = nowNs() + ANSWER_WITHIN_MS * 1e6;
    for (let spins = 1; Atomics.load(this.#words, SEEN) !== message; spins++) {
      if (spins % 10_000 === 0 && nowNs() > untilNs)
        throw new Error(`mailbox floor: expected an answer within ${ANSWER_WITHIN_MS} ms, got none`);
    }
  }

  /** Writes the next message and returns its number. */
  #write(): number {
    return Atomics.add(this.#words, MESSAGE, 1) + 1;
  }

  /** Waits until the receiver has parked, wakes it with a message, and returns when that was. */
  async #wake(): Promise<number> {
    await sleep(PARK_MS);
    if (this.#failure !== undefined) throw this.#failure;
    const message = this.#write();
    const sentNs = nowNs();
    Atomics.add(this.#words, REQUEST, 1);
    Atomics.notify(this.#words, REQUEST);
    this.#awaitSeen(message);
    return sentNs;
  }

  /** Nanoseconds from a store to the moment at which the parked receiver runs. */
  async parkedHop(): Promise<number> {
    const sentNs = await this.#wake();
    return Number(this.#times[WOKEN_NS]) - sentNs;
  }

  /** Nanoseconds for one way of an exchange between two threads that both spin. */
  async spinningHop(): Promise<number> {
    Atomics.store(this.#words, SPIN, 1);
    try {
      await this.#wake();
      const startedNs = nowNs();
      let elapsedNs = 0;
      let exchanges = 0;
      do {
        this.#awaitSeen(this.#write());
        exchanges++;
        // Looking at the clock costs as much as a hop: not each time.
        if (exchanges % 20 === 0) elapsedNs = nowNs() - startedNs;
      } while (exchanges < SPINNING_EXCHANGES && elapsedNs < SPINNING_FOR_MS * 1e6);
      return (nowNs() - startedNs) / exchanges / 2;
    } finally {
      Atomics.store(this.#words, SPIN, 0);
    }
  }

  async close(): Promise<void> {
    await this.#receiver.terminate();
  }
}

async function mean(times: number, sample: () => Promise<number>): Promise<number> {
  let sum = 0;
  for (let i = 0; i < times; i++) sum += await sample();
  return sum / times;
}

/** A hop to another thread through shared memory: one that spins, and one that is parked in `Atomics.wait`. */
export function openMailbox(): { readonly spinning: Floor; readonly parked: Floor; close(): Promise<void> } {
  const mailbox = new Mailbox();
  return {
    spinning: { name: 'mailbox-spinning', sample: () => mailbox.spinningHop() },
    parked: { name: 'mailbox-parked', sample: () => mean(PARKED_HOPS, () => mailbox.parkedHop()) },
    close: () => mailbox.close(),
  };
}
