/**
 * The table of sessions that all threads of a node share. A slot is opened and released by the scheduler alone;
 * in between every thread writes to words of its own, and counters move by atomic addition.
 */
import { LIMITS } from '../core/limits.ts';
import { SESSION_HEADER_WORDS, SESSION_LISTS, SESSION_SLOTS, SESSION_WORDS, type StoreMemory, THREADS } from './memory.ts';

// Words of a slot.
const EPOCH = 0;
const APP = 1;
const FLAGS = 2;
const THREADS_LOW = 3;
const THREADS_HIGH = 4;
const NAMES = 5;
const COUNTERS = 8;

const OPEN = 1;
const ABORTED = 2;
const TRACED = 4;
const SPREAD = 8;

/** The lists that each thread keeps for each session: objects it sent, granules it claimed, spans it recorded. */
export const OBJECTS = 0;
export const RUNS = 1;
export const SPANS = 2;
export type SessionList = typeof OBJECTS | typeof RUNS | typeof SPANS;

/** Counter 0 counts all invocations under way in a session; the others those of a watch set each. */
const COUNTER_WORDS = 1 + LIMITS.watchSetsPerApp;

export class SessionTable {
  readonly #words: Int32Array;

  constructor(memory: StoreMemory) {
    this.#words = new Int32Array(memory.sessions);
  }

  /** Makes a slot ready for a session of app `app`; returns its epoch, which tells it from earlier sessions of the slot. */
  open(slot: number, app: number, traced: boolean): number {
    const at = slot * SESSION_WORDS;
    this.#words[at + APP] = app;
    this.#words[at + NAMES] = 0;
    this.#words.fill(0, at + COUNTERS, at + COUNTERS + COUNTER_WORDS);
    Atomics.store(this.#words, at + FLAGS, OPEN | (traced ? TRACED : 0));
    return Atomics.load(this.#words, at + EPOCH);
  }

  /** Ends the slot's session for every thread that still holds its epoch. The lists must have been read before. */
  release(slot: number): void {
    const at = slot * SESSION_WORDS;
    Atomics.add(this.#words, at + EPOCH, 1);
    Atomics.store(this.#words, at + FLAGS, 0);
    this.forEachThread(slot, (thread) => {
      for (let list = 0; list < SESSION_LISTS; list++) this.#words[this.#listAt(slot, list as SessionList, thread)] = 0;
    });
    this.#words[at + THREADS_LOW] = 0;
    this.#words[at + THREADS_HIGH] = 0;
  }

  /** Whether the slot still holds the session of this epoch. */
  isLive(slot: number, epoch: number): boolean {
    return Atomics.load(this.#words, slot * SESSION_WORDS + EPOCH) === epoch;
  }

  app(slot: number): number {
    return this.#words[slot * SESSION_WORDS + APP] as number;
  }

  isTraced(slot: number): boolean {
    return (Atomics.load(this.#words, slot * SESSION_WORDS + FLAGS) & TRACED) !== 0;
  }

  /** Nothing that still runs for the session counts any more. */
  abort(slot: number): void {
    Atomics.or(this.#words, slot * SESSION_WORDS + FLAGS, ABORTED);
  }

  isAborted(slot: number): boolean {
    return (Atomics.load(this.#words, slot * SESSION_WORDS + FLAGS) & ABORTED) !== 0;
  }

  /** Objects of the session may lie on other nodes from now on. */
  spread(slot: number): void {
    Atomics.or(this.#words, slot * SESSION_WORDS + FLAGS, SPREAD);
  }

  isSpread(slot: number): boolean {
    return (Atomics.load(this.#words, slot * SESSION_WORDS + FLAGS) & SPREAD) !== 0;
  }

  /** Adds to a counter of invocations under way; returns what it comes to. */
  count(slot: number, counter: number, change: number): number {
    return Atomics.add(this.#words, slot * SESSION_WORDS + COUNTERS + counter, change) + change;
  }

  counter(slot: number, counter: number): number {
    return Atomics.load(this.#words, slot * SESSION_WORDS + COUNTERS + counter);
  }

  /** A number that no other object of the session has, to name objects whose producer gave no key. */
  nextSerial(slot: number): number {
    return Atomics.add(this.#words, slot * SESSION_WORDS + NAMES, 1);
  }

  /** Notes that `thread` has lists in the session or ran an invocation of it. */
  join(slot: number, thread: number): void {
    const word = slot * SESSION_WORDS + (thread < 32 ? THREADS_LOW : THREADS_HIGH);
    const bit = 1 << (thread & 31);
    if ((Atomics.load(this.#words, word) & bit) === 0) Atomics.or(this.#words, word, bit);
  }

  /** Calls `visit` with every thread that joined the session. */
  forEachThread(slot: number, visit: (thread: number) => void): void {
    const at = slot * SESSION_WORDS;
    for (let half = 0; half < 2; half++) {
      let bits = Atomics.load(this.#words, at + THREADS_LOW + half);
      while (bits !== 0) {
        const bit = 31 - Math.clz32(bits & -bits);
        visit(half * 32 + bit);
        bits &= bits - 1;
      }
    }
  }

  /** First element of a list plus one, or 0: what the thread stored last. */
  head(slot: number, list: SessionList, thread: number): number {
    return Atomics.load(this.#words, this.#listAt(slot, list, thread));
  }

  /** Publishes a new first element; what it links to must have been written before. */
  setHead(slot: number, list: SessionList, thread: number, value: number): void {
    Atomics.store(this.#words, this.#listAt(slot, list, thread), value);
  }

  /** Replaces the first element of a list, only if it is still `expected`. */
  swapHead(slot: number, list: SessionList, thread: number, expected: number, value: number): boolean {
    return Atomics.compareExchange(this.#words, this.#listAt(slot, list, thread), expected, value) === expected;
  }

  #listAt(slot: number, list: SessionList, thread: number): number {
    return slot * SESSION_WORDS + SESSION_HEADER_WORDS + list * THREADS + thread;
  }
}

/** Slots that no session holds, for the scheduler. Last freed, first reused: its memory is warm. */
export class FreeSlots {
  readonly #freed: number[] = [];
  #fresh = 0;

  /** A free slot, or -1. */
  take(): number {
    const slot = this.#freed.pop();
    if (slot !== undefined) return slot;
    return this.#fresh < SESSION_SLOTS ? this.#fresh++ : -1;
  }

  give(slot: number): void {
    this.#freed.push(slot);
  }
}
