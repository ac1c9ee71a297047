/** Copies of objects that triggers of app scope hold: they outlive the sessions they came from. */
import { PheromoneError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';

export interface HeldObject<Label> {
  readonly bytes: Uint8Array;
  readonly label: Label;
}

export class AppObjects<Label> {
  readonly #held = new Map<number, HeldObject<Label>>();
  #heldBytes = 0;
  #next = 1;

  /** Copies an object's bytes; returns the copy's reference. Throws `OVERLOADED` where the copies come to too much. */
  hold(bytes: Uint8Array, label: Label): number {
    if (this.#heldBytes + bytes.length > LIMITS.heldBytes) {
      throw new PheromoneError(
        'OVERLOADED',
        `triggers of app scope: expected to hold at most ${LIMITS.heldBytes} bytes, ${this.#heldBytes} are held`,
      );
    }
    const ref = this.#next++;
    this.#held.set(ref, { bytes: new Uint8Array(bytes), label });
    this.#heldBytes += bytes.length;
    return ref;
  }

  get(ref: number): HeldObject<Label> | undefined {
    return this.#held.get(ref);
  }

  drop(refs: readonly number[]): void {
    for (const ref of refs) {
      this.#heldBytes -= this.#held.get(ref)?.bytes.length ?? 0;
      this.#held.delete(ref);
    }
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }
}
