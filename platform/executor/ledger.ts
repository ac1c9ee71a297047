/**
 * The invocations of a node, in shared memory. Every thread publishes into a part of its own and any executor
 * may claim from any part; a claimed entry stays where it is until the invocation is over. So hand-over, work
 * stealing, running on inline and taking back what a dead thread held are all the same few operations.
 *
 * An entry goes FREE -> READY (publisher) -> HELD by a thread (claimer) -> FREE (whoever wins the swap: the
 * executor that finished it, or the scheduler that took it back). Publishing order is kept by a ring of entry
 * numbers: one producer, many consumers that move its head by compare-and-swap.
 */
import { THREADS } from '../store/memory.ts';

/** Invocations that one thread may have published and not yet over. */
export const ENTRIES = 16_384;
const MASK = ENTRIES - 1;
const ENTRY_WORDS = 8;
/** A search through a full part for each publication would cost far more than the detour that is taken instead. */
const TRIES = 512;
const PART_HEADER_WORDS = 32;
const PART_WORDS = PART_HEADER_WORDS + ENTRIES + ENTRIES * ENTRY_WORDS;

// Header words of a part, on cache lines of their own.
const HEAD = 0;
const TAIL = 16;

// Words of an entry.
const STATE = 0;
const SLOT = 1;
const EPOCH = 2;
const FN = 3;
const INPUTS = 4;
const COUNT = 5;
const QUEUED = 6;
const DUE = 7;

// The word of the function says in its upper half which attempt it is.
const FN_MASK = 0xffff;
const ATTEMPT_SHIFT = 16;
/** A tick of the word that says when an entry was published. */
const TICK_NS = 1_000;

const FREE = 0;
const READY = 1;
const HELD = 2;

/** Names an entry: part * ENTRIES + number. */
export type EntryId = number;
export const NONE: EntryId = -1;

/** What an entry says; see {@link Ledger.read}. */
export interface Invocation {
  /** Slot and epoch of the session. */
  slot: number;
  epoch: number;
  /** Position of the function in its app's plan. */
  fn: number;
  /** The object's reference if there is one input, else where the list of them is. */
  inputs: number;
  inputCount: number;
  /** 1 for the first. */
  attempt: number;
  /** When a body that awaits must be over, in whole milliseconds of the host's clock; 0: it has not awaited yet. */
  dueMs: number;
}

export function reserveLedger(): SharedArrayBuffer {
  return new SharedArrayBuffer(THREADS * PART_WORDS * 4);
}

export class Ledger {
  readonly #words: Int32Array;
  readonly #self: number;
  /** Where the search for a free entry of a part starts. */
  readonly #cursors = new Int32Array(THREADS);

  constructor(buffer: SharedArrayBuffer, thread: number) {
    this.#words = new Int32Array(buffer);
    this.#self = thread;
  }

  /**
   * Publishes an invocation in this thread's part, or in another that is its own, too; returns false, and does
   * nothing, where the part is full or nearly so. `nowNs`: the time on the host's clock.
   */
  publish(
    slot: number,
    epoch: number,
    fn: number,
    inputs: number,
    inputCount: number,
    attempt: number,
    nowNs: number,
    own = this.#self,
  ): boolean {
    const part = own * PART_WORDS;
    const number = this.#freeEntry(own);
    if (number < 0) return false;
    const words = this.#words;
    const at = this.#entryAt(part, number);
    words[at + SLOT] = slot;
    words[at + EPOCH] = epoch;
    words[at + FN] = fn | (attempt << ATTEMPT_SHIFT);
    words[at + INPUTS] = inputs;
    words[at + COUNT] = inputCount;
    words[at + QUEUED] = ticksOf(nowNs);
    words[at + DUE] = 0;
    // The store of the state publishes the words above; that of the tail, the ring's word.
    Atomics.store(words, at + STATE, READY);
    const tail = words[part + TAIL] as number;
    Atomics.store(words, part + PART_HEADER_WORDS + (tail & MASK), number);
    Atomics.store(words, part + TAIL, (tail + 1) | 0);
    return true;
  }

  /** How many entries of a part wait to be claimed. */
  waiting(part: number): number {
    const at = part * PART_WORDS;
    return (Atomics.load(this.#words, at + TAIL) - Atomics.load(this.#words, at + HEAD)) | 0;
  }

  /** How many entries of a part have been published; begins anew after 2^32. */
  published(part: number): number {
    return Atomics.load(this.#words, part * PART_WORDS + TAIL) >>> 0;
  }

  /** Position of a part's head: changes with every claim. */
  head(part: number): number {
    return Atomics.load(this.#words, part * PART_WORDS + HEAD);
  }

  /**
   * The function and session of the entry that would be claimed next, as `visit(slot, fn)`; false where none
   * waits. By the time of a claim it may be another.
   */
  peek(part: number, visit: (slot: number, fn: number) => boolean): boolean {
    const at = part * PART_WORDS;
    const head = Atomics.load(this.#words, at + HEAD);
    if (head === Atomics.load(this.#words, at + TAIL)) return false;
    const entry = this.#entryAt(at, Atomics.load(this.#words, at + PART_HEADER_WORDS + (head & MASK)));
    return visit(this.#words[entry + SLOT] as number, (this.#words[entry + FN] as number) & FN_MASK);
  }

  /** Claims the oldest waiting entry of a part, or NONE. `head` other than undefined: only if it is still the part's head. */
  claim(part: number, head?: number): EntryId {
    const words = this.#words;
    const at = part * PART_WORDS;
    for (;;) {
      const current = Atomics.load(words, at + HEAD);
      if (current === Atomics.load(words, at + TAIL) || (head !== undefined && head !== current)) return NONE;
      // Read before the swap: as long as the head stands, the publisher does not write over this word.
      const number = Atomics.load(words, at + PART_HEADER_WORDS + (current & MASK));
      if (Atomics.compareExchange(words, at + HEAD, current, (current + 1) | 0) !== current) continue;
      Atomics.store(words, this.#entryAt(at, number) + STATE, HELD | (this.#self << 2));
      return part * ENTRIES + number;
    }
  }

  read(id: EntryId, into: Invocation): Invocation {
    const words = this.#words;
    const at = this.#at(id);
    into.slot = words[at + SLOT] as number;
    into.epoch = words[at + EPOCH] as number;
    const work = words[at + FN] as number;
    into.fn = work & FN_MASK;
    into.attempt = work >> ATTEMPT_SHIFT;
    into.inputs = words[at + INPUTS] as number;
    into.inputCount = words[at + COUNT] as number;
    into.dueMs = words[at + DUE] as number;
    return into;
  }

  /** Notes on a held entry when its body, which awaits, must be over. */
  setDue(id: EntryId, dueMs: number): void {
    this.#words[this.#at(id) + DUE] = dueMs | 0;
  }

  /** When an entry was published, in whole microseconds, rounded down; where that is more than an hour ago, some time since. `nowNs`: as for {@link publish}. */
  queuedNs(id: EntryId, nowNs: number): number {
    const waited = (ticksOf(nowNs) - (this.#words[this.#at(id) + QUEUED] as number)) >>> 0;
    return (Math.floor(nowNs / TICK_NS) - waited) * TICK_NS;
  }

  /** Notes on a held entry that its invocation begins anew. `nowNs`: as for {@link publish}. */
  beginAttempt(id: EntryId, attempt: number, nowNs: number): void {
    const at = this.#at(id);
    this.#words[at + FN] = ((this.#words[at + FN] as number) & FN_MASK) | (attempt << ATTEMPT_SHIFT);
    this.#words[at + QUEUED] = ticksOf(nowNs);
    this.#words[at + DUE] = 0;
  }

  /** Ends an invocation that `holder` holds. False where somebody else ended it or took it back: then it is theirs to account for. */
  finish(id: EntryId, holder: number): boolean {
    const held = HELD | (holder << 2);
    return Atomics.compareExchange(this.#words, this.#at(id) + STATE, held, FREE) === held;
  }

  /** Returns a function that says whether the invocation is over that a thread holds an entry for. It may take it for another's that has the entry by now; never the other way round. */
  watch(id: EntryId, holder: number): () => boolean {
    const at = this.#at(id);
    const held = HELD | (holder << 2);
    const now = (): string =>
      Atomics.load(this.#words, at + STATE) === held ? this.#words.subarray(at + SLOT, at + COUNT + 1).join() : '';
    const invocation = now();
    return () => now() !== invocation || invocation === '';
  }

  /** All entries that a thread holds. For the scheduler, when the thread can run no more code. */
  heldBy(thread: number): EntryId[] {
    const held = HELD | (thread << 2);
    const found: EntryId[] = [];
    for (let part = 0; part < THREADS; part++) {
      if (Atomics.load(this.#words, part * PART_WORDS + TAIL) === 0) continue;
      for (let number = 0; number < ENTRIES; number++) {
        if (Atomics.load(this.#words, this.#entryAt(part * PART_WORDS, number) + STATE) === held) found.push(part * ENTRIES + number);
      }
    }
    return found;
  }

  /** An entry of one's own part whose invocation is over; the next one, as a rule. -1 where the next few are all taken. */
  #freeEntry(part: number): number {
    for (let tried = 0; tried < TRIES; tried++) {
      const number = this.#cursors[part] as number;
      this.#cursors[part] = (number + 1) & MASK;
      if (Atomics.load(this.#words, this.#entryAt(part * PART_WORDS, number) + STATE) === FREE) return number;
    }
    return -1;
  }

  #entryAt(part: number, number: number): number {
    return part + PART_HEADER_WORDS + ENTRIES + number * ENTRY_WORDS;
  }

  #at(id: EntryId): number {
    return this.#entryAt(Math.floor(id / ENTRIES) * PART_WORDS, id & MASK);
  }
}

/** Ticks in 32 bits, which wrap. */
function ticksOf(nowNs: number): number {
  return (nowNs / TICK_NS) | 0;
}
