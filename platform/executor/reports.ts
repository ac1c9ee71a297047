/**
 * What executors tell the scheduler: a ring of fixed-size messages for each executor, one writer, one reader,
 * nothing ever overwritten. A writer that finds its ring full waits for the scheduler, which never waits for
 * executors.
 */
import { THREADS } from '../store/memory.ts';

const CAPACITY = 8_192;
const MASK = CAPACITY - 1;
const MESSAGE_WORDS = 8;
const HEADER_WORDS = 32;
const RING_WORDS = HEADER_WORDS + CAPACITY * MESSAGE_WORDS;
const READ = 0;
const WRITTEN = 16;
/** Only so that a lost wake-up could not hold a writer for good. */
const RECHECK_MS = 1;

/** An object came into a bucket whose triggers have state. `ref`: the object; `count`: 1 where it is an output, too, else 0; `entry`: of the invocation that sent it. */
export const SENT = 1;
/** An object was sent as output. `ref`: the object; `entry`: of the invocation that sent it. */
export const OUTPUT = 2;
/** No invocation of watch set `ref` is under way in the session. */
export const SOURCES_DONE = 3;
/** No invocation is under way in the session. */
export const QUIET = 4;
/** An invocation failed. `ref`: an object whose payload is the code, a line feed, and the message; or -1 where memory is full. `fn`, `entry`: whose. */
export const FAILED = 5;
/** The executor wants to be replaced: abandoned invocations pile up in it. */
export const RETIRE = 6;
/** Function `fn` is to start with the object `ref`; already counted as under way, but the executor's part of the ledger is full. */
export const START = 7;
/** A producer fixed which keys a bucket is to expect. `fn`: the bucket's position; `ref`: an object with the group, its payload the keys as JSON; `entry`: of the invocation that did. */
export const EXPECTED = 8;
/** The body of an observed function begins. `fn`: the function; `ref`: its input, or, where `count` is not 1, the list of its `count` inputs; `entry`, `attempt`: of the ledger. */
export const STARTED = 9;
/** A function waits for an object of bucket `fn` that this thread does not find. `ref`: an object with the key, its payload a {@link Wish}. */
export const FIND = 10;
/** A function waits until `ref` granules in a row may be free. */
export const ROOM = 11;
/** A function waits for the bytes of the object `ref`, which was spilled. */
export const BRING = 12;

export interface Report {
  type: number;
  slot: number;
  epoch: number;
  ref: number;
  fn: number;
  count: number;
  entry: number;
  attempt: number;
}

/** An end, `QUIET` or `SOURCES_DONE` of watch set `set`, that the scheduler itself comes upon. */
export function ending(type: number, slot: number, epoch: number, set: number): Report {
  return { type, slot, epoch, ref: set, fn: -1, count: 0, entry: -1, attempt: 0 };
}

export function reserveReports(): SharedArrayBuffer {
  return new SharedArrayBuffer(THREADS * RING_WORDS * 4);
}

/** An executor's end of its ring. */
export class ReportWriter {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #wakeReader: () => void;

  constructor(buffer: SharedArrayBuffer, thread: number, wakeReader: () => void) {
    this.#words = new Int32Array(buffer);
    this.#at = thread * RING_WORDS;
    this.#wakeReader = wakeReader;
  }

  /** Adds a message. Does not wake the scheduler, unless the ring is full. */
  push(type: number, slot: number, epoch: number, ref: number, fn = -1, count = 0, entry = -1, attempt = 0): void {
    const words = this.#words;
    const written = words[this.#at + WRITTEN] as number;
    for (;;) {
      const read = Atomics.load(words, this.#at + READ);
      if (((written - read) | 0) < CAPACITY) break;
      this.#wakeReader();
      Atomics.wait(words, this.#at + READ, read, RECHECK_MS);
    }
    const at = this.#at + HEADER_WORDS + (written & MASK) * MESSAGE_WORDS;
    words[at] = type;
    words[at + 1] = slot;
    words[at + 2] = epoch;
    words[at + 3] = ref;
    words[at + 4] = fn;
    words[at + 5] = count;
    words[at + 6] = entry;
    words[at + 7] = attempt;
    // Publishes the words above.
    Atomics.store(words, this.#at + WRITTEN, (written + 1) | 0);
  }
}

/** The scheduler's end of all rings. */
export class ReportReader {
  readonly #words: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer);
  }

  isEmpty(thread: number): boolean {
    const at = thread * RING_WORDS;
    return Atomics.load(this.#words, at + WRITTEN) === Atomics.load(this.#words, at + READ);
  }

  /** Takes the oldest message of an executor; false where there is none. */
  take(thread: number, into: Report): boolean {
    const words = this.#words;
    const ring = thread * RING_WORDS;
    const read = words[ring + READ] as number;
    if (read === Atomics.load(words, ring + WRITTEN)) return false;
    const at = ring + HEADER_WORDS + (read & MASK) * MESSAGE_WORDS;
    into.type = words[at] as number;
    into.slot = words[at + 1] as number;
    into.epoch = words[at + 2] as number;
    into.ref = words[at + 3] as number;
    into.fn = words[at + 4] as number;
    into.count = words[at + 5] as number;
    into.entry = words[at + 6] as number;
    into.attempt = words[at + 7] as number;
    // Hands the words back to the writer.
    Atomics.store(words, ring + READ, (read + 1) | 0);
    if (((Atomics.load(words, ring + WRITTEN) - read) | 0) >= CAPACITY) Atomics.notify(words, ring + READ);
    return true;
  }
}
