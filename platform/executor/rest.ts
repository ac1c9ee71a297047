/** How an executor waits: it looks on for some microseconds, then blocks; with bodies under way that await, it stays in its event loop. */
import { PheromoneError } from '../core/errors.ts';
import { hostNowNs } from './clock.ts';
import { type EntryId, NONE } from './ledger.ts';
import { OWN_AFTER_NS, type WorkFinder } from './search.ts';
import { BETWEEN, FULL, LOOP, PARKED, SEARCHING, type Threads } from './threads.ts';

export class Rest {
  readonly #thread: number;
  readonly #spinNs: number;
  readonly #threads: Threads;
  readonly #finder: WorkFinder;
  #turnedNs = 0;
  #resume: (() => void) | undefined;
  /** A waiter on the state word is left over from an earlier wait. */
  #awaitingWake = false;

  constructor(thread: number, spinNs: number, threads: Threads, finder: WorkFinder) {
    this.#thread = thread;
    this.#spinNs = spinNs;
    this.#threads = threads;
    this.#finder = finder;
  }

  /** When the event loop last had its turn. */
  get turnedNs(): number {
    return this.#turnedNs;
  }

  /** Ends a wait in the event loop. */
  resume(): void {
    this.#resume?.();
  }

  /** Looks on for work until the spin time is over; returns what it claimed, or NONE. */
  search(): EntryId {
    this.#become(SEARCHING);
    const id = this.#finder.search(this.#spinNs);
    this.#become(BETWEEN);
    // This thread no longer searches: if there is more to do, another should.
    if (id !== NONE && this.#finder.isWorkWaiting()) this.#threads.wakeOne();
    return id;
  }

  /** Lets timers, I/O and output have their turn. */
  async turn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#turnedNs = hostNowNs();
  }

  /** Blocks the thread: nothing runs in it until it is woken. Only with nothing under way. Returns what it then claimed, or NONE. */
  park(): EntryId {
    const state = this.#become(PARKED);
    // Looked for again after saying so: who published before it saw no parked thread to wake.
    if (!this.#finder.isAdmissible(undefined) && !this.#threads.isAlerted(this.#thread)) {
      // What waits in its own part is for others to run; one of them may need this core to wake up on.
      const timeoutMs = this.#finder.isWorkWaiting() ? OWN_AFTER_NS / 1e6 : Number.POSITIVE_INFINITY;
      Atomics.wait(this.#threads.words, this.#threads.stateAt(this.#thread), state, timeoutMs);
    }
    // Since it was woken it has counted as searching, so nobody else was woken for what came after.
    return this.search();
  }

  /** Waits in the event loop until `resume`, or until somebody wakes the thread. `isWorkWaiting`: given if it can take more. */
  async waitInLoop(isWorkWaiting: (() => boolean) | undefined): Promise<void> {
    const state = this.#become(isWorkWaiting === undefined ? FULL : LOOP);
    if (!this.#threads.isAlerted(this.#thread) && isWorkWaiting?.() !== true) {
      const resumed = new Promise<void>((resolve) => {
        this.#resume = resolve;
      });
      if (this.#waitForWake(state)) await resumed;
      this.#resume = undefined;
    }
    this.#become(BETWEEN);
    this.#turnedNs = hostNowNs();
  }

  /** Has a wake-up end the wait. One waiter is enough, also if it is left over. False where the thread has been woken already. */
  #waitForWake(state: number): boolean {
    if (this.#awaitingWake) return this.#threads.state(this.#thread) === state;
    const { async, value } = Atomics.waitAsync(this.#threads.words, this.#threads.stateAt(this.#thread), state);
    if (!async) return false;
    this.#awaitingWake = true;
    void value.then(() => {
      this.#awaitingWake = false;
      this.#resume?.();
    });
    return true;
  }

  #become(kind: number): number {
    const state = this.#threads.become(this.#thread, kind);
    return state === -1 ? halt() : state;
  }
}

/** Ends all activity of a thread that was declared dying: its work has been given to another. */
export function halt(): never {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  throw new PheromoneError('INTERNAL', 'a dying executor was woken');
}
