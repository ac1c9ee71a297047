import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { beside } from '../../workloads/api/workflow.ts';
import { nowNs } from '../clock.ts';
import type { Floor } from './floor.ts';
import { BEGUN, MAILBOX_BYTES, MESSAGE, REQUEST, SEEN, SPIN, WOKEN_NS } from './mailbox-layout.ts';

const SPINNING_EXCHANGES = 200;
/** Where both threads share a core, an exchange takes two time slices of the kernel. */
const SPINNING_FOR_MS = 5;
const PARKED_HOPS = 3;
/** Long enough for the receiver to park and for its core to go to sleep, as it would between two calls. */
const PARK_MS = 1;
/** On a busy machine the receiver may be late to park. */
const PARK_ATTEMPTS = 100;
const ANSWER_WITHIN_MS = 2_000;

/** The sender's side: memory shared with a thread that answers every message. */
class Mailbox {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #times: BigInt64Array<SharedArrayBuffer>;
  readonly #receiver: Worker;
  #failure: Error | undefined;

  private constructor() {
    const memory = new SharedArrayBuffer(MAILBOX_BYTES);
    this.#words = new Int32Array(memory);
    this.#times = new BigInt64Array(memory);
    this.#receiver = new Worker(new URL(beside(import.meta.url, 'mailbox-entry')), { workerData: memory });
    this.#receiver.on('error', (error) => {
      this.#failure = error;
    });
  }

  /** Starts the receiver; it cannot finish starting while this thread spins. */
  static async open(): Promise<Mailbox> {
    const mailbox = new Mailbox();
    await once(mailbox.#receiver, 'message');
    return mailbox;
  }

  /** Spins until the receiver has written `value` to `word`. */
  #await(word: number, value: number): void {
    const untilNs = nowNs() + ANSWER_WITHIN_MS * 1e6;
    for (let spins = 1; Atomics.load(this.#words, word) !== value; spins++) {
      if (spins % 10_000 === 0 && nowNs() > untilNs) {
        throw new Error(`mailbox floor: expected an answer within ${ANSWER_WITHIN_MS} ms, got none`);
      }
    }
  }

  /** Lets the receiver park, and wakes it; resolves to when that was and to whether it had really parked. */
  async #wake(): Promise<{ readonly sentNs: number; readonly wasParked: boolean }> {
    await sleep(PARK_MS);
    if (this.#failure !== undefined) throw this.#failure;
    const sentNs = nowNs();
    const request = Atomics.add(this.#words, REQUEST, 1) + 1;
    const wasParked = Atomics.notify(this.#words, REQUEST) === 1;
    this.#await(BEGUN, request);
    return { sentNs, wasParked };
  }

  /** Nanoseconds from a store to the moment at which the parked receiver runs. */
  async parkedHop(): Promise<number> {
    for (let attempt = 0; attempt < PARK_ATTEMPTS; attempt++) {
      const { sentNs, wasParked } = await this.#wake();
      if (wasParked) return Number(this.#times[WOKEN_NS]) - sentNs;
    }
    throw new Error(`mailbox floor: expected the receiver to park within ${PARK_ATTEMPTS} attempts, it did not`);
  }

  /** Nanoseconds for one way of an exchange between two threads that both spin. */
  async spinningHop(): Promise<number> {
    // A number, not a flag: a receiver that has not yet seen the last 0 must not go on for the next request.
    Atomics.store(this.#words, SPIN, Atomics.load(this.#words, REQUEST) + 1);
    try {
      await this.#wake();
      const startedNs = nowNs();
      let elapsedNs = 0;
      let exchanges = 0;
      do {
        this.#await(SEEN, Atomics.add(this.#words, MESSAGE, 1) + 1);
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
export async function openMailbox(): Promise<{ readonly spinning: Floor; readonly parked: Floor; close(): Promise<void> }> {
  const mailbox = await Mailbox.open();
  return {
    spinning: { name: 'mailbox-spinning', sample: () => mailbox.spinningHop() },
    parked: { name: 'mailbox-parked', sample: () => mean(PARKED_HOPS, () => mailbox.parkedHop()) },
    close: () => mailbox.close(),
  };
}
