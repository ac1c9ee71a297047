import type { Trigger } from '../trigger.ts';

/** Immediate: each new object starts the target. Has no state. */
export const immediate: Trigger = {
  onObject: (object) => [{ objects: [object] }],
};
