import { PheromoneError } from '../errors.ts';
import { type Expectation, type Firing, letGo, NO_FIRINGS, type ObjectMeta, type Trigger } from '../trigger.ts';

interface Join {
  /** Keys in the order of the declaration; `undefined` before it. */
  keys: ReadonlySet<string> | undefined;
  /** By key, declared ones only once there is a declaration. They stay after the firing, as what has come already. */
  readonly objects: Map<string, ObjectMeta>;
}

/**
 * DynamicJoin: a producer declares which keys a group is to have; once an object has come for each, the target
 * starts with them in the order of the declaration. No keys: it starts at once, without objects.
 *
 * Objects may come before the declaration. Of several with one key the first counts; those that were not declared
 * do not concern it. A group fires once.
 */
export class DynamicJoin implements Trigger {
  readonly #name: string;
  readonly #joins = new Map<string, Join>();

  /** `name` is the trigger's, for messages. */
  constructor(name: string) {
    this.#name = name;
  }

  onObject(object: ObjectMeta): readonly Firing[] {
    const join = this.#join(object.group);
    if (join.objects.has(object.key) || join.keys?.has(object.key) === false) return letGo(object);
    join.objects.set(object.key, object);
    return fireIfComplete(join);
  }

  /** Throws `INVALID_ARGUMENT` for a group that was declared before and for a key that is named twice. */
  onExpected({ group, keys, source }: Expectation): readonly Firing[] {
    const join = this.#join(group);
    if (join.keys !== undefined) throw this.#fault(source, group, 'one declaration for a group', 'a second');
    const distinct = new Set(keys);
    if (distinct.size < keys.length) throw this.#fault(source, group, 'each key once', 'one twice');
    join.keys = distinct;
    for (const key of join.objects.keys()) if (!distinct.has(key)) join.objects.delete(key);
    return fireIfComplete(join);
  }

  #join(group: string): Join {
    let join = this.#joins.get(group);
    if (join === undefined) {
      join = { keys: undefined, objects: new Map() };
      this.#joins.set(group, join);
    }
    return join;
  }

  #fault(source: string, group: string, expected: string, got: string): PheromoneError {
    return new PheromoneError(
      'INVALID_ARGUMENT',
      `trigger "${this.#name}": expected ${expected}, got ${got} from "${source}" for group "${group}"`,
    );
  }
}

function fireIfComplete({ keys, objects }: Join): readonly Firing[] {
  if (keys === undefined || objects.size < keys.size) return NO_FIRINGS;
  return [{ objects: Array.from(keys, (key) => objects.get(key)!) }];
}
