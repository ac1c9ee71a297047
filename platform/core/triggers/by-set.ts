import { type Firing, letGo, NO_FIRINGS, type ObjectMeta, type Trigger } from '../trigger.ts';

/**
 * BySet: once an object has come for each key, the target starts with them in the order of the keys.
 *
 * Of several objects with one key the first counts, since functions may run more than once; objects with other
 * keys do not concern it. After a firing the set starts empty, and can fill and fire again.
 */
export class BySet implements Trigger {
  readonly #slots: ReadonlyMap<string, number>;
  #objects: (ObjectMeta | undefined)[] = [];
  #missing: number;

  /** `slots` gives each key its place among the objects, from 0 on without gaps; states of one trigger share it. */
  constructor(slots: ReadonlyMap<string, number>) {
    this.#slots = slots;
    this.#missing = slots.size;
  }

  onObject(object: ObjectMeta): readonly Firing[] {
    const slot = this.#slots.get(object.key);
    if (slot === undefined || this.#objects[slot] !== undefined) return letGo(object);
    if (this.#missing === this.#slots.size) this.#objects = new Array(this.#slots.size).fill(undefined);
    this.#objects[slot] = object;
    this.#missing -= 1;
    if (this.#missing > 0) return NO_FIRINGS;
    const objects = this.#objects as ObjectMeta[];
    this.#objects = [];
    this.#missing = this.#slots.size;
    return [{ objects }];
  }
}
