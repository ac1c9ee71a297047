/** Objects for tests. */
import type { ObjectMeta } from '../trigger.ts';

let lastRef = 0;

/** An object with a reference of its own; what is left out is plain. */
export function object(parts: Partial<ObjectMeta> = {}): ObjectMeta {
  lastRef += 1;
  return { ref: lastRef, session: 1, bucket: 'b', key: '', group: '', source: 'f', ...parts };
}
