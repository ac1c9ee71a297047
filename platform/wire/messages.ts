/**
 * The messages between a client and a worker node, one union for each direction.
 *
 * A connection begins with `hello` and `welcome`. After that the client asks under ids of its own choice, unique
 * per connection and above 0, and the node answers each id once; `cancel` has no answer of its own. A `failed`
 * with id 0 concerns the connection, which then ends. When a connection ends, the node cancels its calls.
 */
import type { AppDefinition } from '../core/app.ts';
import type { ErrorCode } from '../core/errors.ts';

/** Changes with every change of a message or of how it is encoded. */
export const PROTOCOL_VERSION = 1;

/** First message of a client. Answer: `welcome`, or `failed` with id 0. */
export interface Hello {
  readonly type: 'hello';
  readonly version: number;
}

/** Makes an app callable, or replaces the app of that name for the sessions that start from then on. Answer: `done`. */
export interface Register {
  readonly type: 'register';
  readonly id: number;
  readonly app: AppDefinition;
}

/** Forgets an app; its sessions fail with `CANCELLED`. Answer: `done`. */
export interface Unregister {
  readonly type: 'unregister';
  readonly id: number;
  readonly app: string;
}

/** Opens a session. Payload: the input of `fn`. Answer: `result`. */
export interface Call {
  readonly type: 'call';
  readonly id: number;
  readonly app: string;
  readonly fn: string;
  /** Answer with the first output, or with all of them once the session is quiet. */
  readonly answer: 'first' | 'all';
  /** A duration, from the node's receipt of the call on; `undefined`: none. */
  readonly deadlineMs: number | undefined;
  /** Whether the result says when each invocation ran. */
  readonly trace: boolean;
}

/** Gives up the call `id`. The call's answer, if it comes, may be a result that was faster, or `failed` with `CANCELLED`. */
export interface Cancel {
  readonly type: 'cancel';
  readonly id: number;
}

/** Answer: `status`. */
export interface StatusRequest {
  readonly type: 'status';
  readonly id: number;
}

export type ClientMessage = Hello | Register | Unregister | Call | Cancel | StatusRequest;

/** Answer to `hello`. */
export interface Welcome {
  readonly type: 'welcome';
  readonly version: number;
  /** Process id of the node. */
  readonly pid: number;
}

/** Answer to `register` and `unregister`. */
export interface Done {
  readonly type: 'done';
  readonly id: number;
}

/** Answer to any request that could not be met. */
export interface Failed {
  readonly type: 'failed';
  readonly id: number;
  readonly code: ErrorCode;
  readonly message: string;
}

/** An object sent as output; its bytes are the next `size` ones of the payload. */
export interface OutputHead {
  /** The function that sent it. */
  readonly source: string;
  readonly key: string;
  readonly group: string;
  /** In bytes. */
  readonly size: number;
}

/** One invocation, timed just before and just after the body, in nanoseconds of CLOCK_MONOTONIC (`process.hrtime`). */
export interface Span {
  readonly fn: string;
  readonly startedNs: number;
  readonly endedNs: number;
}

/** Answer to `call`. Payload: the outputs' bytes, one after the other. */
export interface Result {
  readonly type: 'result';
  readonly id: number;
  readonly outputs: readonly OutputHead[];
  /** In no particular order; empty unless the call asked for a trace. */
  readonly spans: readonly Span[];
}

export type ExecutorState = 'starting' | 'idle' | 'busy' | 'dying';

/** Answer to a request for the status. */
export interface Status {
  readonly type: 'status';
  readonly id: number;
  /** Sessions alive, those included that are answered but not yet released. */
  readonly sessions: number;
  readonly executors: readonly { readonly index: number; readonly state: ExecutorState }[];
  readonly memory: { readonly usedBytes: number; readonly arenaBytes: number };
  /** Names of the registered apps. */
  readonly apps: readonly string[];
}

export type NodeMessage = Welcome | Done | Failed | Result | Status;
