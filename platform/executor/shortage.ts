/** What an executor does where object memory is short: waits for room, and has what was spilled brought back. */
import { type ErrorCode, PheromoneError } from '../core/errors.ts';
import type { ObjectStore } from '../store/objects.ts';
import { hostNowNs } from './clock.ts';
import type { Invocation } from './invocation.ts';
import { BRING, ROOM } from './reports.ts';
import { WISH_BYTES, Wish } from './wish.ts';

/** How often a thread that waits looks whether its session is over. */
const LOOK_MS = 20;
/** The part of the time that a function has left which it may wait for room: it is to fail of that, not of its timeout. */
const WAIT_SHARE = 0.9;

/** What the scheduler has to say to a thread that waits; comes over its port before the wish is answered. */
export type ShortageAnswer =
  /** The bytes of a spilled object, for which there is no room in object memory. */
  | { readonly type: 'spilled'; readonly ref: number; readonly bytes: Uint8Array }
  /** Why there will be no room, or the bytes cannot be had. */
  | { readonly type: 'short'; readonly code: ErrorCode; readonly message: string };

/** The outbox of the thread. */
interface ThreadOutbox {
  readonly objects: ObjectStore;
  push(type: number, slot: number, epoch: number, ref: number): void;
  flush(): void;
  isAborted(slot: number, epoch: number): boolean;
}

export class Shortage {
  readonly #wish: Wish;
  readonly #memoryWaitMs: number;
  readonly #readPort: () => void;
  #outbox!: ThreadOutbox;
  /** On whose behalf memory is being claimed; it may be over. */
  #asking: Invocation | undefined;
  #answer: ShortageAnswer | undefined;

  /**
   * `cell`: what this thread and the scheduler share, see {@link wishOf}. `memoryWaitMs`: how long an invocation waits
   * for room, at most. `readPort` reads what has come over the port.
   */
  constructor(cell: Uint8Array, memoryWaitMs: number, readPort: () => void) {
    this.#wish = new Wish(cell);
    this.#memoryWaitMs = memoryWaitMs;
    this.#readPort = readPort;
  }

  /** To be called once, before anything else. */
  serve(outbox: ThreadOutbox): void {
    this.#outbox = outbox;
  }

  /** What is claimed from now on is for this invocation, which waits for it; `undefined`: nobody waits. */
  set asking(invocation: Invocation | undefined) {
    this.#asking = invocation;
  }

  /** The scheduler has answered. */
  receive(answer: ShortageAnswer): void {
    this.#answer = answer;
  }

  /** As {@link AwaitRoom}. */
  awaitRoom(granules: number, error: PheromoneError, claim: () => number): number {
    const invocation = this.#asking;
    if (invocation === undefined || invocation.over || invocation.failed) throw error;
    const nowNs = hostNowNs();
    const leftNs = invocation.startedNs + invocation.plan.timeoutMs * 1e6 - nowNs;
    const untilNs = nowNs + Math.min(this.#memoryWaitMs * 1e6, leftNs * WAIT_SHARE);
    let last = error;
    while (this.#ask(ROOM, invocation, granules, untilNs)) {
      try {
        return claim();
      } catch (again) {
        last = again as PheromoneError;
      }
    }
    throw this.#answer?.type === 'short' ? new PheromoneError('OUT_OF_MEMORY', `${last.message}; ${this.#answer.message}`) : last;
  }

  /** The bytes of an object, which stay until the session ends; of a spilled one they may be this thread's own copy. */
  read(invocation: Invocation, ref: number): Uint8Array {
    const { objects } = this.#outbox;
    if (objects.keep(ref)) return objects.payload(ref);
    const { app, fn, startedNs, plan } = invocation;
    const where = `app "${app}": function "${fn}"`;
    const isGranted = this.#ask(BRING, invocation, ref, startedNs + plan.timeoutMs * 1e6);
    const answer = this.#answer;
    this.#answer = undefined;
    if (isGranted && answer?.type === 'spilled' && answer.ref === ref) return answer.bytes;
    if (isGranted && objects.keep(ref)) return objects.payload(ref);
    const why = answer?.type === 'short' ? answer : { code: 'STORE_FAILED' as const, message: 'it did not come in time' };
    throw new PheromoneError(why.code, `${where}: expected to get back an object that was spilled: ${why.message}`);
  }

  /** Blocks the thread until the scheduler has answered; false where it refuses, or does not answer in time. Throws `CANCELLED`. */
  #ask(type: number, invocation: Invocation, ref: number, untilNs: number): boolean {
    const { slot, epoch } = invocation;
    this.#answer = undefined;
    this.#wish.open();
    this.#outbox.push(type, slot, epoch, ref);
    this.#outbox.flush();
    for (let leftMs = (untilNs - hostNowNs()) / 1e6; this.#wish.isOpen && leftMs > 0; leftMs = (untilNs - hostNowNs()) / 1e6) {
      this.#wish.await(Math.min(LOOK_MS, leftMs));
      if (!this.#outbox.isAborted(slot, epoch)) continue;
      this.#wish.fail();
      throw new PheromoneError('CANCELLED', `app "${invocation.app}": function "${invocation.fn}": the session is over`);
    }
    const isGranted = !this.#wish.isOpen && this.#wish.await() !== undefined;
    this.#wish.fail();
    this.#readPort();
    return isGranted;
  }
}

/** The part of `wishes` in which a thread and the scheduler meet. */
export function wishOf(wishes: SharedArrayBuffer, thread: number): Uint8Array {
  return new Uint8Array(wishes, thread * WISH_BYTES, WISH_BYTES);
}
