/** Bodies of requests: raw bytes, bounded each and together. */
import type { IncomingMessage } from 'node:http';
import { PheromoneError } from '../core/errors.ts';

type Done = (error: Error | null, body?: Buffer) => void;

export class Bodies {
  readonly #limitBytes: number;
  #heldBytes = 0;

  /** `limitBytes`: of all bodies together. */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Bytes of the bodies of requests that are not over yet. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Reads a body of at most `limitBytes`, or calls back with `OBJECT_TOO_LARGE`, `OVERLOADED` or, where it is cut off, `INVALID_ARGUMENT`. */
  read(payload: IncomingMessage, limitBytes: number, done: Done): void {
    if (Number(payload.headers['content-length']) > limitBytes) {
      done(tooLarge(limitBytes));
      return;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    const end = (error: PheromoneError | null): void => {
      payload.off('data', take).off('end', finish).off('close', breakOff);
      if (error !== null) this.release(size);
      done(error, error === null ? joined(chunks, size) : undefined);
    };
    const take = (chunk: Buffer): void => {
      size += chunk.length;
      this.#heldBytes += chunk.length;
      if (size > limitBytes) end(tooLarge(limitBytes));
      else if (this.#heldBytes > this.#limitBytes)
        end(new PheromoneError('OVERLOADED', 'body: expected room for it among those under way'));
      else chunks.push(chunk);
    };
    const finish = (): void => end(null);
    const breakOff = (): void => end(new PheromoneError('INVALID_ARGUMENT', `body: expected all of it, got ${size} bytes`));
    payload.on('data', take).on('end', finish).on('close', breakOff);
  }

  /** Says that a body of so many bytes is not held any more. */
  release(bytes: number): void {
    this.#heldBytes -= bytes;
  }
}

function joined(chunks: readonly Buffer[], size: number): Buffer {
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size);
}

function tooLarge(limitBytes: number): PheromoneError {
  return new PheromoneError('OBJECT_TOO_LARGE', `body: expected at most ${limitBytes} bytes, got more`);
}
