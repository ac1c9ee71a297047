/** What stands behind the door: whatever takes apps and calls, be it one node or a cluster. */
import type { AppDefinition } from '../core/app.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { OutputHead, Status, Trace } from '../wire/messages.ts';

/** What a caller asks for. */
export interface CallRequest {
  readonly app: string;
  readonly fn: string;
  readonly answer: 'first' | 'all';
  /** From now on. */
  readonly deadlineMs: number | undefined;
  readonly trace: boolean;
}

/** An event for a stream; its session's outputs go to the app's subscribers. */
export interface FeedRequest {
  readonly app: string;
  readonly fn: string;
  /** From now on. */
  readonly deadlineMs: number | undefined;
}

/** How a caller learns what became of a call: exactly one of the two, once. */
export interface Caller {
  /** `bytes` are views of object memory; they hold until `release` is called, which must be done once. */
  answered(outputs: readonly OutputHead[], bytes: readonly Uint8Array[], trace: Trace, release: () => void): void;
  failed(code: ErrorCode, message: string): void;
}

/** How a subscriber learns of the sessions that nobody waits for. */
export interface Subscriber {
  readonly trace: boolean;
  /** All outputs of one session; `bytes` must have been copied on return. */
  output(outputs: readonly OutputHead[], bytes: readonly Uint8Array[], trace: Trace): void;
  fault(code: ErrorCode, message: string): void;
}

/** Serves the clients of {@link ClientSession}. Every error is a `PheromoneError`. */
export interface Service {
  /**
   * Makes an app callable; replaces one of the same name. Rejects with `INVALID_APP`, `FUNCTION_LOAD_FAILED`; for code in
   * bundles also with `INVALID_ARGUMENT`, `STORE_FAILED`.
   */
  register(definition: AppDefinition): Promise<void>;
  /** Forgets an app; its sessions fail with `CANCELLED`. Rejects with `UNKNOWN_APP`. */
  unregister(name: string): Promise<void>;
  /**
   * Opens a session. Returns a function that gives it up; the caller then hears `CANCELLED`, unless an answer was
   * faster. `input` must have been copied on return, unless `isOwn` says that it is the service's to keep. Throws
   * `UNKNOWN_APP`, `UNKNOWN_FUNCTION`, `OVERLOADED`, `OUT_OF_MEMORY`, `OBJECT_TOO_LARGE`.
   */
  call(request: CallRequest, input: Uint8Array, caller: Caller, isOwn?: boolean): () => void;
  /** Opens a session whose outputs go to the app's subscribers, and calls `over` when it has ended. Otherwise as `call`. */
  feed(request: FeedRequest, event: Uint8Array, over: () => void, isOwn?: boolean): () => void;
  /** Tells of the outputs of sessions that nobody waits for; returns the function that ends it. Throws `UNKNOWN_APP`. */
  subscribe(app: string, subscriber: Subscriber): () => void;
  /**
   * Stores an encoded bundle, which is the service's to keep, and gives its id. Rejects with `INVALID_ARGUMENT`,
   * `OBJECT_TOO_LARGE`, `STORE_FAILED`.
   */
  putBundle(encoded: Uint8Array): Promise<string>;
  status(): Promise<Omit<Status, 'type' | 'id'>>;
}
