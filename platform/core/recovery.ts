/** What to do about invocations and sessions that fail: the policy of an app, and what follows from it. */
import type { RecoveryDefinition, RecoveryLevel } from './app.ts';
import type { ErrorCode } from './errors.ts';
import { LIMITS } from './limits.ts';

/** An app's recovery with its defaults filled in. */
export interface RecoveryPlan {
  readonly level: RecoveryLevel;
  readonly attempts: number;
  readonly timeoutMs: number | undefined;
}

/** Faults of one run, that another may be spared. */
const OF_ONE_RUN: ReadonlySet<ErrorCode> = new Set(['FUNCTION_FAILED', 'FUNCTION_TIMED_OUT', 'EXECUTOR_DIED', 'NODE_LOST']);

export function planRecovery({ level, attempts, timeoutMs }: RecoveryDefinition = { level: 'function' }): RecoveryPlan {
  return { level, attempts: level === 'off' ? 1 : (attempts ?? LIMITS.attempts), timeoutMs };
}

/** Whether what failed with this code may succeed when it is run again. */
export function isOfOneRun(code: ErrorCode): boolean {
  return OF_ONE_RUN.has(code);
}

/**
 * Whether an invocation runs again by itself whose executor's thread has ended. `attempt` counts its runs from 1.
 * `isToBlame`: the thread may have ended because of it; its neighbours on the thread run again in any case.
 */
export function afterExecutorDeath({ level, attempts }: RecoveryPlan, attempt: number, isToBlame: boolean): 'rerun' | 'give-up' {
  return level === 'function' && (!isToBlame || attempt < attempts) ? 'rerun' : 'give-up';
}

/**
 * Whether a session that failed runs again from its input. `attempt` counts its runs from 1; `DEADLINE_EXCEEDED` is
 * that of the run, not of the call.
 */
export function afterFailure({ level, attempts }: RecoveryPlan, code: ErrorCode, attempt: number): 'again' | 'give-up' {
  if (level === 'off' || attempt >= attempts) return 'give-up';
  const isCause = level === 'function' ? code === 'NODE_LOST' : isOfOneRun(code) || code === 'DEADLINE_EXCEEDED';
  return isCause ? 'again' : 'give-up';
}
