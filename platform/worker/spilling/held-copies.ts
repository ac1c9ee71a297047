/** Copies of objects that triggers of app scope hold over the ends of sessions; spilled when memory runs short. */
import { PheromoneError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { hostNowNs } from '../../executor/clock.ts';
import { openLog } from '../../log/log.ts';
import type { ObjectLabel, ObjectStore } from '../../store/objects.ts';
import type { SessionState } from '../sessions.ts';
import type { SpillStore } from './spill-store.ts';

const log = openLog({ role: 'worker' });

export interface HeldCopiesParts {
  readonly objects: ObjectStore;
  readonly store: SpillStore;
  /** Copies up to this size are never spilled. */
  readonly keptBytes: number;
  /** Object memory and copies together that are more than there should be; below 0: less. */
  excessBytes(): number;
}

interface Copy {
  readonly size: number;
  readonly label: ObjectLabel;
  /** The bytes, or the key under which the durable store has them. */
  content: Uint8Array | string;
}

export class HeldCopies {
  readonly #parts: HeldCopiesParts;
  readonly #held = new Map<number, Copy>();
  /** In memory, large enough to be spilled, and not on their way to the store; the oldest first. */
  readonly #spillable = new Set<Copy>();
  #heldBytes = 0;
  #next = 1;
  #isSpilling = false;

  constructor(parts: HeldCopiesParts) {
    this.#parts = parts;
  }

  /** Bytes of the copies in memory. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Copies an object's bytes; returns the copy's reference. Throws `OVERLOADED` where the copies in memory come to too much. */
  hold(bytes: Uint8Array, label: ObjectLabel): number {
    if (this.#heldBytes + bytes.length > LIMITS.heldBytes) {
      const expected = `expected to hold at most ${LIMITS.heldBytes} bytes in memory, ${this.#heldBytes} are held`;
      throw new PheromoneError('OVERLOADED', `triggers of app scope: ${expected}`);
    }
    const ref = this.#next++;
    const copy: Copy = { size: bytes.length, label, content: new Uint8Array(bytes) };
    this.#held.set(ref, copy);
    this.#heldBytes += bytes.length;
    if (bytes.length > this.#parts.keptBytes) this.#spillable.add(copy);
    void this.#spill();
    return ref;
  }

  /** Makes a copy an object of a session: in its memory where there is room, else as one that is spilled. Returns its reference there. */
  moveInto(session: SessionState, ref: number): number {
    const copy = this.#held.get(ref);
    if (copy === undefined) throw new PheromoneError('INTERNAL', `copy ${ref}: expected it to be held`);
    const { objects, store, excessBytes } = this.#parts;
    const { slot, epoch } = session;
    const { content, label, size } = copy;
    if (content instanceof Uint8Array && (size <= this.#parts.keptBytes || excessBytes() + size <= 0)) {
      return objects.add(slot, epoch, content, label, hostNowNs());
    }
    const moved = objects.addSpilled(slot, epoch, size, label, hostNowNs());
    session.spilled ??= new Map();
    session.spilled.set(moved, content);
    if (typeof content === 'string') store.share(content);
    return moved;
  }

  drop(refs: readonly number[]): void {
    for (const ref of refs) {
      const copy = this.#held.get(ref);
      if (copy === undefined) continue;
      this.#held.delete(ref);
      this.#spillable.delete(copy);
      if (typeof copy.content === 'string') this.#parts.store.drop(copy.content);
      else this.#heldBytes -= copy.size;
    }
  }

  /** One after the other, as long as there is too much. */
  async #spill(): Promise<void> {
    if (this.#isSpilling) return;
    this.#isSpilling = true;
    try {
      for (const copy of this.#spillable) {
        if (this.#parts.excessBytes() <= 0) break;
        await this.#spillOne(copy);
      }
    } catch (err) {
      log.warn('objects that triggers of app scope hold could not be spilled, and stay in memory', { err });
    }
    this.#isSpilling = false;
  }

  async #spillOne(copy: Copy): Promise<void> {
    const key = await this.#parts.store.put('app', copy.content as Uint8Array);
    // It may have been dropped meanwhile.
    if (this.#spillable.delete(copy)) {
      copy.content = key;
      this.#heldBytes -= copy.size;
    } else this.#parts.store.drop(key);
  }
}
