import { letGo, type Trigger } from '../trigger.ts';

/** ByName: each new object with the given key starts the target; others do not concern it. Has no state. */
export function byName(key: string): Trigger {
  return {
    onObject: (object) => (object.key === key ? [{ objects: [object] }] : letGo(object)),
  };
}
