/** One thread's way to object memory: small pieces of a session lie side by side in a granule, large ones get a run of their own. */
import { Granules } from './granules.ts';
import { ALIGN_BYTES, GRANULE_BYTES, SESSION_SLOTS, type StoreMemory } from './memory.ts';
import { RUNS, type SessionTable } from './sessions.ts';

/** Runs an action from its beginning to its end, whatever becomes of the thread. */
export type Critical = (action: () => number) => number;

export class SessionAllocator {
  readonly #granules: Granules;
  readonly #sessions: SessionTable;
  readonly #thread: number;
  readonly #critical: Critical;
  // The granule that each session's next small piece comes from, as this thread left it; void once the epoch is another.
  readonly #epochs = new Int32Array(SESSION_SLOTS).fill(-1);
  readonly #nextBytes = new Float64Array(SESSION_SLOTS);
  readonly #endBytes = new Float64Array(SESSION_SLOTS);

  /** `critical` runs what must not end halfway, on a thread that may be terminated. */
  constructor(memory: StoreMemory, sessions: SessionTable, thread: number, critical: Critical) {
    this.#granules = new Granules(memory);
    this.#sessions = sessions;
    this.#thread = thread;
    this.#critical = critical;
  }

  get usedBytes(): number {
    return this.#granules.usedBytes;
  }

  /** Offset of `size` fresh bytes that live until the session's release. Throws `OUT_OF_MEMORY`. */
  allocate(slot: number, epoch: number, size: number): number {
    const rounded = Math.ceil(size / ALIGN_BYTES) * ALIGN_BYTES;
    if (this.#epochs[slot] !== epoch) {
      this.#epochs[slot] = epoch;
      this.#nextBytes[slot] = this.#endBytes[slot] = 0;
    }
    const at = this.#nextBytes[slot] as number;
    if (at + rounded <= (this.#endBytes[slot] as number)) {
      this.#nextBytes[slot] = at + rounded;
      return at;
    }
    if (rounded > GRANULE_BYTES / 2) return this.#claim(slot, Math.ceil(rounded / GRANULE_BYTES));
    const start = this.#claim(slot, 1);
    this.#nextBytes[slot] = start + rounded;
    this.#endBytes[slot] = start + GRANULE_BYTES;
    return start;
  }

  /** Whether these bytes were allocated in the session: for offsets from outside. */
  owns(slot: number, from: number, size: number): boolean {
    let isOwned = false;
    this.#sessions.forEachThread(slot, (thread) => {
      for (let run = this.#sessions.head(slot, RUNS, thread) - 1; run >= 0 && !isOwned; run = this.#granules.next(run)) {
        isOwned = from >= run * GRANULE_BYTES && from + size <= (run + this.#granules.length(run)) * GRANULE_BYTES;
      }
    });
    return isOwned;
  }

  /** Gives back everything that all threads claimed for the session. For the scheduler, when no invocation of it runs. */
  release(slot: number): void {
    this.#sessions.forEachThread(slot, (thread) => {
      let run = this.#sessions.head(slot, RUNS, thread) - 1;
      while (run >= 0) {
        const next = this.#granules.next(run);
        this.#granules.free(run);
        run = next;
      }
    });
  }

  #claim(slot: number, count: number): number {
    return this.#critical(() => {
      const first = this.#granules.claim(count, this.#sessions.app(slot));
      this.#sessions.join(slot, this.#thread);
      this.#granules.link(first, this.#sessions.head(slot, RUNS, this.#thread) - 1);
      this.#sessions.setHead(slot, RUNS, this.#thread, first + 1);
      return first * GRANULE_BYTES;
    });
  }
}
