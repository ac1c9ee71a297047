import { WIRE_LIMITS } from './limits.ts';

/** Bytes of an announced number that come in pieces. Their memory grows as they come: announcing many takes none. */
export class Gathered {
  readonly #size: number;
  #bytes: Uint8Array;
  #filled = 0;

  /** `memory`, where it is given, has room for all of them. */
  constructor(size: number, memory?: Uint8Array) {
    this.#size = size;
    this.#bytes = memory ?? new Uint8Array(Math.min(size, WIRE_LIMITS.firstGatheredBytes));
  }

  get isComplete(): boolean {
    return this.#filled === this.#size;
  }

  /** All of them, once they are complete. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Takes what belongs to it from `chunk`, from `at` on, and returns where the rest begins. */
  take(chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.length, at + this.#size - this.#filled);
    const filled = this.#filled + end - at;
    if (filled > this.#bytes.length) this.#grow(filled);
    this.#bytes.set(chunk.subarray(at, end), this.#filled);
    this.#filled = filled;
    return end;
  }

  /** The memory that the rest of them belongs into; `undefined` where it is yet to be taken. */
  get rest(): Uint8Array | undefined {
    return this.#bytes.length === this.#size ? this.#bytes.subarray(this.#filled) : undefined;
  }

  /** So many have been written into {@link rest}. */
  advance(count: number): void {
    this.#filled += count;
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(Math.min(this.#size, Math.max(needed, this.#bytes.length * WIRE_LIMITS.gatheredGrowth)));
    grown.set(this.#bytes.subarray(0, this.#filled));
    this.#bytes = grown;
  }
}
