/**
 * What each thread of a node is doing, in shared memory, and how one wakes another.
 *
 * Every change of an executor's state word is a swap of the state that was read. The executor makes its own
 * changes; others only wake it (PARKED to SEARCHING, LOOP and FULL to BETWEEN) or declare it DYING. The upper
 * bits count bodies, so that nobody hits a later body than the one that was looked at.
 */
import { SCHEDULER, THREADS } from '../store/memory.ts';

export const ABSENT = 0;
/** Between two invocations. */
export const BETWEEN = 1;
/** Inside a function body. */
export const BODY = 2;
/** Found nothing to do and looks on, for a few microseconds. */
export const SEARCHING = 3;
/** Blocked until somebody wakes it. */
export const PARKED = 4;
/** In its event loop, with invocations under way, and able to take more. */
export const LOOP = 5;
/** In its event loop, and full. */
export const FULL = 6;
/** To be replaced: takes nothing any more, and what it does no longer counts. */
export const DYING = 7;
const KIND = 7;

const THREAD_WORDS = 32;
// Words of a thread.
const STATE = 0;
const CONTROL = 1;
const TIMEOUT = 2;
const CURRENT = 3;
const SINCE = 4; // a double: words 4 and 5
const LOOP_DUE = 6; // a double: words 6 and 7
const CRITICAL = 10;
// Words of the scheduler (thread 0).
const WATCHING = 8;
const HIGHEST = 9;
const NEXT_PART = 11;

const AWAKE = 0;
const ASLEEP = 1;

export function reserveThreads(): SharedArrayBuffer {
  return new SharedArrayBuffer(THREADS * THREAD_WORDS * 4);
}

/** Every thread's view of all threads. */
export class Threads {
  readonly words: Int32Array;
  readonly #doubles: Float64Array;
  /** The thread that `wakeOne` last found in its event loop. */
  #lastInLoop = 0;

  constructor(buffer: SharedArrayBuffer) {
    this.words = new Int32Array(buffer);
    this.#doubles = new Float64Array(buffer);
  }

  /** Index of the thread's state word, to wait on. */
  stateAt(thread: number): number {
    return thread * THREAD_WORDS + STATE;
  }

  state(thread: number): number {
    return Atomics.load(this.words, thread * THREAD_WORDS + STATE);
  }

  kind(thread: number): number {
    return this.state(thread) & KIND;
  }

  /** For the scheduler, on a thread that does not run. */
  setKind(thread: number, kind: number): void {
    Atomics.store(this.words, thread * THREAD_WORDS + STATE, (this.state(thread) & ~KIND) | kind);
  }

  /** Swaps the state if it is still the one that was read. */
  swap(thread: number, from: number, kind: number): boolean {
    return Atomics.compareExchange(this.words, thread * THREAD_WORDS + STATE, from, (from & ~KIND) | kind) === from;
  }

  /** Says that a body starts; returns the state to leave it with, or -1 where the thread was declared dying. */
  enterBody(thread: number, entry: number, nowNs: number, timeoutMs: number): number {
    const at = thread * THREAD_WORDS;
    this.words[at + CURRENT] = entry;
    this.#doubles[(at + SINCE) >> 1] = nowNs;
    this.words[at + TIMEOUT] = timeoutMs;
    const from = Atomics.load(this.words, at + STATE);
    if ((from & KIND) === DYING) return -1;
    const state = (((from >> 3) + 1) << 3) | BODY | 0;
    return Atomics.compareExchange(this.words, at + STATE, from, state) === from ? state : -1;
  }

  /** Changes the thread's own kind; returns the new state, or -1 where it was declared dying: then it must not go on. */
  become(thread: number, kind: number): number {
    for (;;) {
      const from = this.state(thread);
      if ((from & KIND) === DYING) return -1;
      if (this.swap(thread, from, kind)) return (from & ~KIND) | kind;
    }
  }

  /**
   * The thread is about to do what must not end halfway, as claiming memory and noting that, or counting an
   * invocation and publishing it: it is not to be terminated before `endCritical`. False where it was declared
   * dying: it must not go on.
   */
  beginCritical(thread: number): boolean {
    Atomics.store(this.words, thread * THREAD_WORDS + CRITICAL, 1);
    if (this.kind(thread) !== DYING) return true;
    this.endCritical(thread);
    return false;
  }

  endCritical(thread: number): void {
    Atomics.store(this.words, thread * THREAD_WORDS + CRITICAL, 0);
  }

  /** Asked of a thread that was declared dying: once false, always false. */
  isCritical(thread: number): boolean {
    return Atomics.load(this.words, thread * THREAD_WORDS + CRITICAL) === 1;
  }

  /** The ledger's entry whose body runs now, or ran last. */
  bodyEntry(thread: number): number {
    return this.words[thread * THREAD_WORDS + CURRENT] as number;
  }

  /** When the body that runs now must be over. */
  bodyDueNs(thread: number): number {
    const at = thread * THREAD_WORDS;
    return (this.#doubles[(at + SINCE) >> 1] as number) + (this.words[at + TIMEOUT] as number) * 1e6;
  }

  /** When the thread's event loop must have dealt with the next timeout of its own; `Infinity`: none. */
  loopDueNs(thread: number): number {
    return this.#doubles[(thread * THREAD_WORDS + LOOP_DUE) >> 1] as number;
  }

  setLoopDueNs(thread: number, dueNs: number): void {
    this.#doubles[(thread * THREAD_WORDS + LOOP_DUE) >> 1] = dueNs;
  }

  /** Highest thread number ever used, so that nobody looks further. */
  get highest(): number {
    return Atomics.load(this.words, HIGHEST);
  }

  /** The part of the ledger after the one that was last claimed from by another thread than its own. */
  get nextPart(): number {
    return this.words[NEXT_PART] as number;
  }

  /** A hint: of several threads that set it at once, any may prevail. */
  setNextPart(part: number): void {
    this.words[NEXT_PART] = part;
  }

  /** For the scheduler: a thread is about to start. */
  admit(thread: number): void {
    if (thread > this.highest) Atomics.store(this.words, HIGHEST, thread);
    this.setLoopDueNs(thread, Number.POSITIVE_INFINITY);
    Atomics.store(this.words, thread * THREAD_WORDS + CONTROL, 0);
    this.endCritical(thread);
    this.setKind(thread, BETWEEN);
  }

  /**
   * Wakes one executor that has nothing to do, unless another is searching: that one finds the work, and wakes
   * the next if there is more. True if one was woken.
   */
  wakeOne(): boolean {
    const highest = this.highest;
    let parked = 0;
    let inLoop = 0;
    let nextInLoop = 0;
    for (let thread = SCHEDULER + 1; thread <= highest; thread++) {
      const kind = this.kind(thread);
      if (kind === SEARCHING) return false;
      if (kind === PARKED) parked = thread;
      if (kind !== LOOP) continue;
      if (inLoop === 0) inLoop = thread;
      if (nextInLoop === 0 && thread > this.#lastInLoop) nextInLoop = thread;
    }
    if (parked !== 0) return this.#wake(parked);
    // In turn: what waits may fit into one event loop and not into another.
    this.#lastInLoop = nextInLoop === 0 ? inLoop : nextInLoop;
    return this.#lastInLoop !== 0 && this.#wake(this.#lastInLoop);
  }

  /** Leaves word for an executor on its port and makes it look there, also if it is parked. */
  alert(thread: number): void {
    Atomics.store(this.words, thread * THREAD_WORDS + CONTROL, 1);
    this.#wake(thread);
  }

  isAlerted(thread: number): boolean {
    return Atomics.load(this.words, thread * THREAD_WORDS + CONTROL) === 1;
  }

  clearAlert(thread: number): void {
    Atomics.store(this.words, thread * THREAD_WORDS + CONTROL, 0);
  }

  /** Wakes the scheduler if it sleeps. */
  wakeScheduler(): void {
    if (Atomics.load(this.words, STATE) === ASLEEP && Atomics.compareExchange(this.words, STATE, ASLEEP, AWAKE) === ASLEEP) {
      Atomics.notify(this.words, STATE);
    }
  }

  /** For the scheduler: a promise for being woken. Whatever there is to do must be looked for again after the call. */
  schedulerSleeps(): Promise<unknown> | undefined {
    Atomics.store(this.words, STATE, ASLEEP);
    const { async, value } = Atomics.waitAsync(this.words, STATE, ASLEEP);
    return async ? value : undefined;
  }

  schedulerIsAwake(): void {
    Atomics.store(this.words, STATE, AWAKE);
  }

  /** Whether the scheduler looks after the executors every millisecond, as it does while bodies come and go. */
  get isWatched(): boolean {
    return Atomics.load(this.words, WATCHING) === 1;
  }

  setWatched(watched: boolean): void {
    Atomics.store(this.words, WATCHING, watched ? 1 : 0);
  }

  /** Asks the scheduler to look after the executors again: bodies come and go. */
  askToBeWatched(): void {
    this.setWatched(true);
    this.wakeScheduler();
  }

  #wake(thread: number): boolean {
    const at = thread * THREAD_WORDS + STATE;
    const state = Atomics.load(this.words, at);
    const kind = state & KIND;
    if (kind !== PARKED && kind !== LOOP && kind !== FULL) return false;
    // A thread in its event loop may be busy with a continuation, so it does not count as searching.
    if (!this.swap(thread, state, kind === PARKED ? SEARCHING : BETWEEN)) return false;
    // All waiters of the word: one that waits asynchronously may be left over from before.
    Atomics.notify(this.words, at);
    return true;
  }
}
