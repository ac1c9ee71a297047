import { PheromoneError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { type Firing, letGo, NO_FIRINGS, type ObjectMeta, type Trigger } from '../trigger.ts';

interface RedundantSet {
  /** How many of its objects have come. */
  count: number;
  /** The first of them, until they fire. */
  objects: ObjectMeta[];
}

/**
 * Redundant: of every `n` objects of one group the target starts with the first `k`, in order of arrival; later
 * ones are dropped. With the n-th the set is forgotten, and the group can begin another.
 */
export class Redundant implements Trigger {
  readonly #name: string;
  readonly #k: number;
  readonly #n: number;
  readonly #sets = new Map<string, RedundantSet>();

  /** `name` is the trigger's, for messages. */
  constructor(name: string, k: number, n: number) {
    this.#name = name;
    this.#k = k;
    this.#n = n;
  }

  /** Throws `OVERLOADED` for one group too many. */
  onObject(object: ObjectMeta): readonly Firing[] {
    const set = this.#sets.get(object.group) ?? this.#begin(object.group);
    set.count += 1;
    if (set.count === this.#n) this.#sets.delete(object.group);
    if (set.count > this.#k) return letGo(object);
    set.objects.push(object);
    if (set.count < this.#k) return NO_FIRINGS;
    const { objects } = set;
    set.objects = [];
    return [{ objects }];
  }

  #begin(group: string): RedundantSet {
    if (this.#sets.size >= LIMITS.openGroupsPerTrigger) {
      throw new PheromoneError(
        'OVERLOADED',
        `trigger "${this.#name}": expected at most ${LIMITS.openGroupsPerTrigger} groups of which objects are still to come, got one more`,
      );
    }
    const set = { count: 0, objects: [] };
    this.#sets.set(group, set);
    return set;
  }
}
