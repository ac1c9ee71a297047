import { PheromoneError } from '../errors.ts';
import { type Firing, NO_FIRINGS, type ObjectMeta, type Trigger } from '../trigger.ts';

/**
 * DynamicGroup: once all sources are over, the target starts once for each group that their objects name, with
 * the group's objects in order of arrival, groups in order of their first object.
 *
 * Without objects nothing fires. Objects that come after the firing, of a source that was started since, gather for
 * the next time that all sources are over; those of one that only ran again are not told.
 */
export class DynamicGroup implements Trigger {
  readonly #name: string;
  #groups = new Map<string, ObjectMeta[]>();

  /** `name` is the trigger's, for messages. */
  constructor(name: string) {
    this.#name = name;
  }

  /** Throws `INVALID_ARGUMENT` for an object without a group. */
  onObject(object: ObjectMeta): readonly Firing[] {
    if (object.group === '') {
      throw new PheromoneError(
        'INVALID_ARGUMENT',
        `trigger "${this.#name}": expected objects in bucket "${object.bucket}" to name a group, got one from "${object.source}" with key "${object.key}" and no group`,
      );
    }
    const objects = this.#groups.get(object.group);
    if (objects === undefined) this.#groups.set(object.group, [object]);
    else objects.push(object);
    return NO_FIRINGS;
  }

  onSourcesDone(): readonly Firing[] {
    if (this.#groups.size === 0) return NO_FIRINGS;
    const firings = Array.from(this.#groups.values(), (objects) => ({ objects }));
    this.#groups = new Map();
    return firings;
  }
}
