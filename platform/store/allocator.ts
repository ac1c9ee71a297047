/** One thread's way to object memory: small pieces of a session lie side by side in a granule, large ones get a run of their own. */
import { PheromoneError } from '../core/errors.ts';
import { Granules } from './granules.ts';
import { ALIGN_BYTES, GRANULE_BYTES, SESSION_SLOTS, type StoreMemory } from './memory.ts';
import { RUNS, type SessionTable } from './sessions.ts';

/** Runs an action from its beginning to its end, whatever becomes of the thread. */
export type Critical = (action: () => number) => number;

/** Where there is no room for `granules` in a row: tries `claim` again as long as it makes sense, then throws `error`. */
export type AwaitRoom = (granules: number, error: PheromoneError, claim: () => number) => number;

export class SessionAllocator {
  readonly #granules: Granules;
  readonly #sessions: SessionTable;
  readonly #thread: number;
  readonly #critical: Critical;
  readonly #awaitRoom: AwaitRoom | undefined;
  // The granule that each session's next small piece comes from, as this thread left it; void once the epoch is another.
  readonly #epochs = new Int32Array(SESSION_SLOTS).fill(-1);
  readonly #nextBytes = new Float64Array(SESSION_SLOTS);
  readonly #endBytes = new Float64Array(SESSION_SLOTS);

  /** `critical` runs what must not end halfway, on a thread that may be terminated; `awaitRoom`: left out, nothing waits for room. */
  constructor(memory: StoreMemory, sessions: SessionTable, thread: number, critical: Critical, awaitRoom?: AwaitRoom) {
    this.#granules = new Granules(memory);
    this.#sessions = sessions;
    this.#thread = thread;
    this.#critical = critical;
    this.#awaitRoom = awaitRoom;
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
    if (rounded > GRANULE_BYTES / 2) return this.#claim(slot, Math.ceil(rounded / GRANULE_BYTES), true);
    const start = this.#claim(slot, 1, false);
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

  /** An object has its payload at this place. */
  addObject(offset: number): void {
    this.#granules.addObject(this.#granules.runOf(offset));
  }

  /** Whether one object alone has memory of its own at this place. */
  isOfOneObject(offset: number): boolean {
    return this.#granules.isOfOneObject(this.#granules.runOf(offset));
  }

  /** Gives back the one payload at this place, before the session's end. For the scheduler. */
  giveBack(slot: number, offset: number): void {
    const run = this.#granules.runOf(offset);
    this.#sessions.forEachThread(slot, (thread) => this.#unlink(slot, thread, run));
    this.#granules.free(run);
  }

  #claim(slot: number, count: number, forOne: boolean): number {
    const claim = (): number => this.#claimNow(slot, count, forOne);
    try {
      return claim();
    } catch (error) {
      if (this.#awaitRoom === undefined || !(error instanceof PheromoneError)) throw error;
      return this.#awaitRoom(count, error, claim);
    }
  }

  #claimNow(slot: number, count: number, forOne: boolean): number {
    return this.#critical(() => {
      const first = this.#granules.claim(count, this.#sessions.app(slot), forOne);
      this.#sessions.join(slot, this.#thread);
      for (let head = -1; head < 0 || !this.#sessions.swapHead(slot, RUNS, this.#thread, head, first + 1); ) {
        // Until it has swapped the head, the scheduler may take that one out of the list.
        head = this.#sessions.head(slot, RUNS, this.#thread);
        this.#granules.link(first, head - 1);
      }
      return first * GRANULE_BYTES;
    });
  }

  /** Takes a run out of a thread's list, if it is there. The thread itself may put others before it at the same time. */
  #unlink(slot: number, thread: number, run: number): void {
    const next = this.#granules.next(run);
    if (this.#sessions.swapHead(slot, RUNS, thread, run + 1, next + 1)) return;
    let before = this.#sessions.head(slot, RUNS, thread) - 1;
    while (before >= 0 && this.#granules.next(before) !== run) before = this.#granules.next(before);
    if (before >= 0) this.#granules.link(before, next);
  }
}
