/** What a body has thrown, as text that crosses threads, processes and sockets. */
import { type ErrorCode, PheromoneError } from '../core/errors.ts';
import type { AppPlan } from '../core/plan.ts';
import type { Invocation } from './invocation.ts';

/** Longer messages of errors are cut: they have to fit into object memory and into an answer. */
const TEXT_LENGTH = 8_192;

export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
}

/** The failure of function `fn` of an app; an error without a code is the function's own. */
export function failureOf(app: AppPlan, fn: number, error: unknown): Failure {
  if (error instanceof PheromoneError) return { code: error.code, message: error.message.slice(0, TEXT_LENGTH) };
  const where = `app "${app.name}": function "${app.functions[fn]?.definition.name}"`;
  return { code: 'FUNCTION_FAILED', message: `${where}: ${textOf(error)}`.slice(0, TEXT_LENGTH) };
}

/** What becomes of an invocation that is out of time. */
export function timeoutOf({ app, fn, plan }: Invocation): PheromoneError {
  return new PheromoneError('FUNCTION_TIMED_OUT', `app "${app}": function "${fn}": expected to end within ${plan.timeoutMs} ms`);
}

/** Anything can be thrown, and not everything turns into text. */
function textOf(error: unknown): string {
  try {
    return String(error);
  } catch {
    return `threw a ${typeof error} that has no text`;
  }
}
