/** What to do about executors that died. */
import { LIMITS } from './limits.ts';

/**
 * Whether an invocation whose executor's thread ended under it runs again. `attempt` counts its runs from 1;
 * work that was handed to the executor and had not begun is run again in any case and is no attempt.
 */
export function afterExecutorDeath(attempt: number): 'rerun' | 'give-up' {
  return attempt < LIMITS.attempts ? 'rerun' : 'give-up';
}
