/** What a function sees of the platform (paper, section 3.3: the user library). */

/** Where an object goes: into a bucket, or straight to a function. */
export type Destination = {
  /** Free text, 1 KiB of UTF-8 at most; default `''`. */
  readonly key?: string;
  /** For DynamicGroup: the group that the object belongs to. */
  readonly group?: string;
  /** Free text that the platform hands to readers and never looks at, 8 KiB of UTF-8 at most; default `''`. */
  readonly metadata?: string;
} & (
  | { readonly bucket: string; readonly target?: never }
  | { readonly target: string; readonly bucket?: never }
  /** Only allowed together with `output`. */
  | { readonly bucket?: never; readonly target?: never }
);

/** An object that was sent in this session. Its bytes are shared with every reader: never write to them. */
export interface ReceivedObject {
  /** `''` for callers' inputs and for objects that were sent to a function directly. */
  readonly bucket: string;
  readonly key: string;
  readonly group: string;
  readonly metadata: string;
  /** The function that sent it; `''` for the caller's input. */
  readonly source: string;
  /** Lies in shared memory; valid until the invocation is over. */
  readonly bytes: Uint8Array;
}

/** An object of one's own, writable until it is sent. */
export interface EpheObject {
  readonly destination: Destination;
  /** Lies in shared memory, so that filling it in place and sending it copies nothing. Its content is unspecified at first. */
  readonly bytes: Uint8Array;
}

export interface SendOptions {
  /** Also hands the object to the caller as a result of the session, once this invocation has ended well. */
  readonly output?: boolean;
}

/**
 * One invocation, as its function sees it. Every method throws a PheromoneError with a stable code; one that the
 * function does not catch fails the session with that code, unless a hint of a trigger has the function run again.
 */
export interface Library {
  readonly app: string;
  readonly fn: string;
  /** Unique on the node. */
  readonly session: string;
  /** A number that no other invocation of the session has, nor an earlier attempt. */
  readonly serial: number;
  /** 1 for the first time; more where an executor died under an earlier attempt, or a trigger had it run again. */
  readonly attempt: number;
  /** The objects that started this invocation. */
  readonly inputs: readonly ReceivedObject[];
  /** Fires when the session is cancelled, has failed, or the invocation times out. */
  readonly signal: AbortSignal;
  /** Memory for `size` bytes in the node's object memory. Throws `OBJECT_TOO_LARGE`, `OUT_OF_MEMORY`, `INVALID_ARGUMENT`. */
  allocate(size: number): Uint8Array;
  /** An object of `size` bytes, to be filled and sent. Throws as `allocate` and `send` do. */
  create(destination: Destination, size: number): EpheObject;
  /**
   * Sends an object. It can never be changed again. Throws `UNKNOWN_BUCKET`, `UNKNOWN_FUNCTION`,
   * `INVALID_ARGUMENT`, and `CANCELLED` where the session is over.
   */
  send(object: EpheObject, options?: SendOptions): void;
  /** Sends bytes: without a copy where they lie in object memory (allocated, or received), else with one. */
  send(bytes: Uint8Array, destination: Destination, options?: SendOptions): void;
  /**
   * Fixes which keys of a group a DynamicJoin on the bucket waits for, now that they are known; none: it fires at
   * once. Throws `UNKNOWN_BUCKET`.
   */
  expect(bucket: string, group: string, keys: readonly string[]): void;
  /** An object of this session, the one sent last under this bucket and key; `undefined` if there is none (yet). */
  get(bucket: string, key: string): ReceivedObject | undefined;
}

/** A function of an app. The invocation is over when it returns, or when the promise that it returns is settled. */
export type FunctionBody = (library: Library) => unknown;

/** Whether the invocation whose body has returned this goes on until it is settled. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
