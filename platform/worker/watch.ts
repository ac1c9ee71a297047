/** Looks after the executors once a millisecond while bodies come and go, and not at all while nothing happens. */
import { hostNowNs } from '../executor/clock.ts';
import type { Ledger } from '../executor/ledger.ts';
import type { Threads } from '../executor/threads.ts';
import { SCHEDULER } from '../store/memory.ts';
import type { Executors } from './executors.ts';

const TICK_MS = 1;
/** Ticks without any change after which only the next timeout is waited for. */
const QUIET_TICKS = 2;

export class Watch {
  readonly #threads: Threads;
  readonly #ledger: Ledger;
  readonly #executors: Executors;
  readonly #drain: () => void;
  /** Looks after what else there is to look after while bodies come and go. */
  #look: (() => void) | undefined;
  readonly #states = new Map<number, number>();
  readonly #heads = new Map<number, number>();
  #ticking: NodeJS.Timeout | undefined;
  #due: NodeJS.Timeout | undefined;
  #quietTicks = 0;
  #stopped = false;

  constructor(threads: Threads, ledger: Ledger, executors: Executors, drain: () => void) {
    this.#threads = threads;
    this.#ledger = ledger;
    this.#executors = executors;
    this.#drain = drain;
  }

  /** Has `look` called with every tick from now on. */
  join(look: () => void): void {
    this.#look = look;
  }

  /** Something was published: bodies will come. */
  start(): void {
    if (this.#ticking !== undefined || this.#stopped) return;
    this.#threads.setWatched(true);
    this.#quietTicks = 0;
    clearTimeout(this.#due);
    this.#ticking = setTimeout(() => this.#tick(), TICK_MS);
  }

  /** An executor may have asked to be watched. */
  resume(): void {
    if (this.#threads.isWatched) this.start();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#ticking);
    clearTimeout(this.#due);
  }

  #tick(): void {
    this.#ticking = undefined;
    this.#drain();
    this.#executors.replaceHung(hostNowNs());
    this.#look?.();
    const isStuck = this.#isStuck();
    if (isStuck) this.#threads.wakeOne();
    // While something waits, an executor may still be starting, or may have looked on too briefly to take it.
    this.#quietTicks = this.#hasChanged() || isStuck ? 0 : this.#quietTicks + 1;
    if (this.#quietTicks < QUIET_TICKS) {
      this.#continue();
      return;
    }
    this.#threads.setWatched(false);
    // Looked at again after saying so: who started a body before it did not ask to be watched.
    if (this.#hasChanged()) {
      this.#quietTicks = 0;
      this.#threads.setWatched(true);
      this.#continue();
    } else {
      this.#waitForDue();
    }
  }

  #continue(): void {
    if (!this.#stopped) this.#ticking = setTimeout(() => this.#tick(), TICK_MS);
  }

  /** Nothing moves: the next thing that this thread must notice by itself is a timeout. */
  #waitForDue(): void {
    const dueNs = this.#executors.nextDueNs();
    clearTimeout(this.#due);
    if (dueNs === Number.POSITIVE_INFINITY || this.#stopped) return;
    const waitMs = Math.min(Math.max(TICK_MS, (dueNs - hostNowNs()) / 1e6 + 1), 2 ** 31 - 1);
    this.#due = setTimeout(() => this.start(), waitMs);
  }

  /** Whether an entry has waited since the last tick. */
  #isStuck(): boolean {
    let stuck = false;
    for (let part = SCHEDULER; part <= this.#threads.highest; part++) {
      const head = this.#ledger.head(part);
      if (this.#ledger.waiting(part) > 0 && this.#heads.get(part) === head) stuck = true;
      this.#heads.set(part, head);
    }
    return stuck;
  }

  /** Whether an executor has done anything since this was last asked. */
  #hasChanged(): boolean {
    let changed = false;
    for (const thread of this.#executors.numbers()) {
      const state = this.#threads.state(thread);
      if (this.#states.get(thread) !== state) changed = true;
      this.#states.set(thread, state);
    }
    return changed;
  }
}
