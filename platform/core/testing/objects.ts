/** Objects and declarations for tests. */
import type { Expectation, ObjectMeta } from '../trigger.ts';

let lastRef = 0;

/** An object with a reference of its own; what is left out is plain. */
export function object(parts: Partial<ObjectMeta> = {}): ObjectMeta {
  lastRef += 1;
  return { ref: lastRef, session: 1, bucket: 'b', key: '', group: '', source: 'f', metadata: '', ...parts };
}

/** A declaration; what is left out is as an object has it. */
export function expectation(parts: Partial<Expectation> = {}): Expectation {
  return { session: 1, source: 'f', bucket: 'b', group: '', keys: [], ...parts };
}
