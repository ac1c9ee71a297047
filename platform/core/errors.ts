/** Stable codes of everything that can go wrong, and the error class that carries them. */

export type ErrorCode =
  /** A definition (app, bucket, trigger) does not hold together. */
  | 'INVALID_APP'
  | 'UNKNOWN_APP'
  | 'UNKNOWN_FUNCTION'
  | 'UNKNOWN_BUCKET'
  | 'UNKNOWN_OBJECT'
  /** A module or its export could not be loaded. */
  | 'FUNCTION_LOAD_FAILED'
  /** A body threw or its promise was rejected. */
  | 'FUNCTION_FAILED'
  /** A body took longer than its timeout; a body that blocked its thread lost the thread with it. */
  | 'FUNCTION_TIMED_OUT'
  /** A custom trigger threw, or returned what its interface does not allow. */
  | 'TRIGGER_FAILED'
  /** Triggers had sources of the session run again more often than `LIMITS.rerunsPerSession`, or one that a hint names brought nothing in all of its attempts. */
  | 'TOO_MANY_RERUNS'
  /** The run ended and no function sent an output. */
  | 'NO_OUTPUT'
  /** The executor's thread ended (exit, memory, native crash) more often than is tried again. */
  | 'EXECUTOR_DIED'
  /** A node that ran a part of the session, or held objects that it needs, was lost. */
  | 'NODE_LOST'
  /** No node of the cluster can run the function. */
  | 'NO_NODE'
  /** The app is another coordinator's, which the message names. */
  | 'WRONG_COORDINATOR'
  | 'OBJECT_TOO_LARGE'
  /** The node's object memory is full. */
  | 'OUT_OF_MEMORY'
  /** Sessions or queued invocations are at their limit; try again later. */
  | 'OVERLOADED'
  | 'CANCELLED'
  | 'DEADLINE_EXCEEDED'
  /** A frame or message that does not keep to the protocol. */
  | 'BAD_MESSAGE'
  /** The connection to the node was lost, or never came about. */
  | 'DISCONNECTED'
  /** The durable store did not do what it was asked to: no space, no connection, an answer that it should not give. */
  | 'STORE_FAILED'
  /** An end of a connection did not prove that it belongs to the cluster: secret, certificate, or one that the other end has not. */
  | 'UNAUTHENTICATED'
  /** A name, key, option or call that is not allowed. */
  | 'INVALID_ARGUMENT'
  /** A fault of the platform itself. */
  | 'INTERNAL';

const RETRYABLE: ReadonlySet<ErrorCode> = new Set([
  'EXECUTOR_DIED',
  'NODE_LOST',
  'NO_NODE',
  'WRONG_COORDINATOR',
  'OUT_OF_MEMORY',
  'OVERLOADED',
  'DISCONNECTED',
  'STORE_FAILED',
]);

/** An error with a stable code. Crosses threads and sockets as code and message, since postMessage drops classes. */
export class PheromoneError extends Error {
  override readonly name = 'PheromoneError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** Whether the same call may succeed later. */
  get retryable(): boolean {
    return RETRYABLE.has(this.code);
  }
}

/** What was thrown, as an error with a code: `INTERNAL` for what has none. */
export function toPheromoneError(error: unknown): PheromoneError {
  if (error instanceof PheromoneError) return error;
  return new PheromoneError('INTERNAL', error instanceof Error ? error.message : String(error), { cause: error });
}
