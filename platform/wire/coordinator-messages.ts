/**
 * The messages between a coordinator and a worker node, one union for each direction. The coordinator dials; it speaks
 * everything that a client speaks and is answered like one (messages.ts), and both have messages of their own besides.
 *
 * Each side gives its own requests ids, unique per connection and above 0, and is answered each id once. When the
 * connection ends, the worker cancels the calls that came over it; what it asked for itself (`place`, `app-object`)
 * is without an answer.
 */
import type { AppDefinition } from '../core/app.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { ClientMessage, NodeMessage } from './messages.ts';

/** An object's label, with names instead of an app's positions. */
export interface NamedLabel {
  /** The function that sent it; `''`: the caller of the session. */
  readonly source: string;
  readonly bucket: string;
  readonly key: string;
  readonly group: string;
  readonly metadata: string;
}

/**
 * Makes a version of an app callable, or replaces a lower version for the sessions that start from then on; the same
 * version once more changes nothing. Versions of one name only grow, whichever coordinators give them. Answer: `done`;
 * `failed` as for `register`, and with `WRONG_COORDINATOR` where the worker has a higher version. An app is taken back
 * with `unregister`.
 */
export interface Install {
  readonly type: 'install';
  readonly id: number;
  readonly app: AppDefinition;
  /** From 1 up. */
  readonly version: number;
}

/**
 * Opens the session of a firing of app scope. Payload: the bytes of `objects`, one after the other, which become
 * the inputs of `fn`. Answered like a `call` that waits for all outputs; `cancel` gives it up.
 */
export interface Open {
  readonly type: 'open';
  readonly id: number;
  readonly app: string;
  /** The version whose trigger has fired. A worker that does not have it (any more) answers `failed` with `UNKNOWN_APP`. */
  readonly version: number;
  readonly fn: string;
  readonly objects: readonly SizedLabel[];
  /** A duration, from the worker's receipt on; `undefined`: none. */
  readonly deadlineMs: number | undefined;
  readonly trace: boolean;
}

export interface SizedLabel extends NamedLabel {
  /** In bytes. */
  readonly size: number;
}

/** Answer to `place`: a lease to send so many invocations straight to a node. */
export interface Placed {
  readonly type: 'placed';
  readonly id: number;
  /** A worker other than the one that asks; `''`: none is better off, so keep them. */
  readonly node: string;
  /** Of the invocations asked for, and at least 1; 0 where there is no node. */
  readonly count: number;
  /** How long the lease holds, from its receipt on. */
  readonly leaseMs: number;
}

/** Answer to `app-object`: the app's triggers have it, or had no use for it. */
export interface Taken {
  readonly type: 'taken';
  readonly id: number;
}

/**
 * Answer to `app-object`: it was not taken, and the session that sent it fails with this code, as it would on one node
 * (`OVERLOADED`, `TRIGGER_FAILED`, `UNKNOWN_BUCKET`, `UNKNOWN_APP`).
 */
export interface Refusal {
  readonly type: 'refusal';
  readonly id: number;
  readonly code: ErrorCode;
  readonly message: string;
}

export type CoordinatorRequest = Install | Open | Placed | Taken | Refusal;
/** Everything that a coordinator sends to a worker. */
export type CoordinatorMessage = ClientMessage | CoordinatorRequest;

/**
 * All apps that a worker has: the first message of the connection, and sent again when someone else than this coordinator
 * has installed or taken back one, so that a coordinator that comes to own an app knows it.
 */
export interface AppsNews {
  readonly type: 'apps';
  readonly apps: readonly KnownApp[];
}

export interface KnownApp {
  readonly name: string;
  readonly version: number;
  readonly definition: AppDefinition;
}

/** How busy a worker is. Sent after `apps`, and then when it has changed, at most every few milliseconds. */
export interface Load {
  readonly type: 'load';
  /** Executors that could begin an invocation at once. */
  readonly idle: number;
  readonly executors: number;
  /** Invocations that no executor has begun. */
  readonly waiting: number;
  /** Sessions alive, guests' included. */
  readonly sessions: number;
  readonly usedBytes: number;
  readonly arenaBytes: number;
  /** It takes no new sessions, and leaves when it has done what it has. */
  readonly draining: boolean;
}

/** Asks for a node that could run invocations which wait here. Answer: `placed`. */
export interface Place {
  readonly type: 'place';
  readonly id: number;
  readonly app: string;
  readonly fn: string;
  /** Invocations, at least 1. */
  readonly count: number;
  /** Where the inputs of one of them are. */
  readonly inputs: readonly InputLocation[];
  /** Nodes that are not wanted; the one that asks never is. */
  readonly exclude: readonly string[];
}

export interface InputLocation {
  readonly node: string;
  readonly bytes: number;
}

/**
 * An object came into a bucket with triggers of scope `app`. Payload: its bytes. Answer: `taken` or `refusal`; until then
 * the session that sent it is not over. A coordinator that does not own the app (any more) hands it to the one that does,
 * in the place of a worker: it dials the other and sends nothing else.
 */
export interface AppObject {
  readonly type: 'app-object';
  readonly id: number;
  readonly app: string;
  readonly version: number;
  readonly label: NamedLabel;
  /** The worker's number for the session that sent it. */
  readonly session: number;
  /** For these triggers only: between coordinators, of which one has had the object before. Left out: all of the bucket. */
  readonly triggers?: readonly string[] | undefined;
}

/**
 * Answer to `call` and `open` instead of any other: nothing of it has begun here, for want of room or since the worker
 * drains, so it may be placed elsewhere.
 */
export interface Declined {
  readonly type: 'declined';
  readonly id: number;
  readonly message: string;
}

export type WorkerReport = AppsNews | Load | Place | AppObject | Declined;
/** Everything that a worker sends to a coordinator. */
export type WorkerMessage = NodeMessage | WorkerReport;
