/** How a body waits, without giving up its thread, for what only the scheduler can do: find or bring an object, make room. */
import { LIMITS } from '../core/limits.ts';

const WAITING = 0;
const FAILED = -1;
const NOTHING = -2;

export const WISH_BYTES = 8;

/** A word of shared memory: 0 while the wish is open, then the reference of the object plus one, or what else came of it. */
export class Wish {
  readonly #words: Int32Array;

  /** `memory`: {@link WISH_BYTES} of shared memory, of this wish alone. */
  constructor(memory: Uint8Array) {
    this.#words = new Int32Array(memory.buffer, memory.byteOffset, 1);
  }

  /** Opens the wish; before the scheduler is told of it. */
  open(): void {
    Atomics.store(this.#words, 0, WAITING);
  }

  /** Whether nobody has answered it yet. */
  get isOpen(): boolean {
    return Atomics.load(this.#words, 0) === WAITING;
  }

  /** Blocks the thread, up to a time. Returns the object's reference; -1 where there is none; `undefined` where it could not be had. */
  await(timeoutMs: number = LIMITS.functionTimeoutMaxMs): number | undefined {
    while (Atomics.load(this.#words, 0) === WAITING) {
      if (Atomics.wait(this.#words, 0, WAITING, timeoutMs) === 'timed-out') return undefined;
    }
    const word = Atomics.load(this.#words, 0);
    if (word === FAILED) return undefined;
    return word === NOTHING ? -1 : word - 1;
  }

  grant(ref: number): void {
    this.#answer(ref < 0 ? NOTHING : ref + 1);
  }

  fail(): void {
    this.#answer(FAILED);
  }

  #answer(word: number): void {
    Atomics.store(this.#words, 0, word);
    Atomics.notify(this.#words, 0);
  }
}
