import { type Firing, NO_FIRINGS, type ObjectMeta, type Trigger } from '../trigger.ts';

/** ByBatchSize: every `size` objects start the target, in order of arrival. */
export class ByBatchSize implements Trigger {
  readonly #size: number;
  #objects: ObjectMeta[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  onObject(object: ObjectMeta): readonly Firing[] {
    this.#objects.push(object);
    if (this.#objects.length < this.#size) return NO_FIRINGS;
    const objects = this.#objects;
    this.#objects = [];
    return [{ objects }];
  }
}
