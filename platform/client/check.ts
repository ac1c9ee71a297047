/** What keeps a request from being sent. Types are checked, too: the node would end the connection over them. */
import { PheromoneError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { describe } from '../wire/fields.ts';
import type { CallOptions, FeedOptions } from './run.ts';
import type { SubscribeOptions } from './subscription.ts';

const NAMES = `of at most ${LIMITS.nameLength} characters`;

/** Returns `INVALID_ARGUMENT`, `OBJECT_TOO_LARGE` or `CANCELLED`. */
export function faultOfInput(app: string, fn: string, input: Uint8Array, { deadlineMs, signal }: FeedOptions): PheromoneError | undefined {
  if (!isName(app) || !isName(fn)) return invalid('app and function', `names ${NAMES}`, `${describe(app)} and ${describe(fn)}`);
  if (!(input instanceof Uint8Array)) return invalid('input', 'a Uint8Array', typeof input);
  if (input.length > LIMITS.objectBytes) {
    return new PheromoneError('OBJECT_TOO_LARGE', `input: expected at most ${LIMITS.objectBytes} bytes, got ${input.length}`);
  }
  if (deadlineMs !== undefined && !(Number.isFinite(deadlineMs) && deadlineMs > 0)) {
    return invalid('deadlineMs', 'a finite number above 0', String(deadlineMs));
  }
  if (signal?.aborted) return new PheromoneError('CANCELLED', 'input: its signal had fired before it was sent');
  return undefined;
}

/** Returns what {@link faultOfInput} does. */
export function faultOfCall(app: string, fn: string, input: Uint8Array, options: CallOptions): PheromoneError | undefined {
  const { answer, trace } = options;
  if (answer !== undefined && answer !== 'first' && answer !== 'all') return invalid('answer', '"first" or "all"', String(answer));
  return faultOfTrace(trace) ?? faultOfInput(app, fn, input, options);
}

/** Returns `INVALID_ARGUMENT`. */
export function faultOfSubscription(app: string, { trace, onOutput, onFault }: SubscribeOptions): PheromoneError | undefined {
  if (!isName(app)) return invalid('app', `a name ${NAMES}`, describe(app));
  if (typeof onOutput !== 'function') return invalid('onOutput', 'a function', typeof onOutput);
  if (onFault !== undefined && typeof onFault !== 'function') return invalid('onFault', 'a function', typeof onFault);
  return faultOfTrace(trace);
}

function isName(name: string): boolean {
  return typeof name === 'string' && name.length <= LIMITS.nameLength;
}

function faultOfTrace(trace: boolean | undefined): PheromoneError | undefined {
  return trace === undefined || typeof trace === 'boolean' ? undefined : invalid('trace', 'a boolean', typeof trace);
}

function invalid(what: string, expected: string, got: string): PheromoneError {
  return new PheromoneError('INVALID_ARGUMENT', `${what}: expected ${expected}, got ${got}`);
}
