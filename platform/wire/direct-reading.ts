/** Reads a socket straight into the memory that its bytes are for: nothing is copied on the way from the kernel. */
import type { OnReadOpts } from 'node:net';

const SCRATCH_BYTES = 65_536;

/** Whoever takes what a socket receives. */
export interface DirectReader {
  /** Memory that the next bytes belong into; `undefined`: not known yet. */
  wanted(): Uint8Array | undefined;
  /** So many bytes have come into the memory that was wanted. */
  placed(count: number): void;
  /** Bytes that had no place of their own; their memory is reused afterwards. */
  push(chunk: Uint8Array): void;
}

/** For a socket that is made with `options`; its reader is set before anything can come. */
export class DirectReading {
  readonly options: OnReadOpts;
  readonly #scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  #target: Uint8Array = this.#scratch;
  #reader: DirectReader | undefined;

  constructor() {
    this.options = {
      buffer: () => this.#next(),
      callback: (count) => {
        if (this.#target === this.#scratch) this.#reader?.push(this.#scratch.subarray(0, count));
        else this.#reader?.placed(count);
        return true;
      },
    };
  }

  attach(reader: DirectReader): void {
    this.#reader = reader;
  }

  #next(): Uint8Array {
    this.#target = this.#reader?.wanted() ?? this.#scratch;
    return this.#target;
  }
}
