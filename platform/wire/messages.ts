/**
 * The messages between a client and a worker node, one union for each direction.
 *
 * After the greeting (greeting.ts) the client asks under ids of its own choice, unique
 * per connection and above 0, and the node answers each id once; `cancel` has no answer of its own. `event` and
 * `fault` are no answers: they come between the `done` of a `subscribe` and the `done` of its `unsubscribe`. A
 * `failed` with id 0 concerns the connection, which then ends. When a connection ends, the node cancels its calls
 * and forgets its subscriptions; sessions that it fed go on.
 */
import type { AppDefinition } from '../core/app.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { Counters } from './counters.ts';

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
  /** Whether the result tells of the session's course. */
  readonly trace: boolean;
}

/**
 * Opens a session whose outputs go to the app's subscribers instead of to the caller. Payload: the input of `fn`.
 * Answer: `done` once the session is open.
 */
export interface Feed {
  readonly type: 'feed';
  readonly id: number;
  readonly app: string;
  readonly fn: string;
  /** Of the session: a duration, from the node's receipt of the message on; `undefined`: none. */
  readonly deadlineMs: number | undefined;
}

/**
 * Gives up the session of the call or feed `id`. Its answer, if it comes, may be one that was faster, or `failed`
 * with `CANCELLED`; a fed session that had been opened fails with `CANCELLED` for the subscribers.
 */
export interface Cancel {
  readonly type: 'cancel';
  readonly id: number;
}

/**
 * Asks for the outputs of an app's sessions that were fed or that triggers of app scope opened. Answer: `done`;
 * from then on each such session that is over comes as an `event` or a `fault`.
 */
export interface Subscribe {
  readonly type: 'subscribe';
  readonly id: number;
  readonly app: string;
  /** Whether events tell of their sessions' course. */
  readonly trace: boolean;
}

/** Ends a subscription. Answer: `done`, also where there is none of that id any more. */
export interface Unsubscribe {
  readonly type: 'unsubscribe';
  readonly id: number;
  /** The id of its `subscribe`. */
  readonly subscription: number;
}

/** Answer: `status`. */
export interface StatusRequest {
  readonly type: 'status';
  readonly id: number;
}

/** Stores code that definitions may name. Payload: an encoded bundle (store/bundles.ts). Answer: `bundle-stored`. */
export interface PutBundle {
  readonly type: 'put-bundle';
  readonly id: number;
}

export type ClientMessage = Register | Unregister | Call | Feed | Cancel | Subscribe | Unsubscribe | StatusRequest | PutBundle;

/** Answer to `register`, `unregister`, `feed`, `subscribe` and `unsubscribe`. */
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

/**
 * One invocation. From `readyNs` to `queuedNs` its trigger decided, it was placed and its inputs came to the node;
 * then it waited for an executor, until `startedNs`; then its body ran. No time is before the one above it.
 *
 * Times are nanoseconds of CLOCK_MONOTONIC (`process.hrtime`) of the machine that the node is on: all nodes of a machine
 * share that clock, nodes of different machines do not.
 */
export interface Span {
  readonly fn: string;
  /** The node that ran it. */
  readonly node: string;
  /** The executor of that node, as its status numbers them. */
  readonly executor: number;
  /** 1 for the first. */
  readonly attempt: number;
  /** The function that sent the last of its inputs; `''`: none, the input is a caller's. */
  readonly after: string;
  /** When the last of its inputs was sent; `queuedNs` where that was on another machine whose clock is ahead. */
  readonly readyNs: number;
  /** When it was put before the executors of the node, to the microsecond. */
  readonly queuedNs: number;
  /** Just before the body. */
  readonly startedNs: number;
  /** Just after the body. */
  readonly endedNs: number;
}

/** An object's bytes that one node has got from another. Times are those of the node that got them. */
export interface Transfer {
  readonly from: string;
  readonly to: string;
  readonly bytes: number;
  /** When they were asked for. */
  readonly startedNs: number;
  /** When they were all there. */
  readonly endedNs: number;
}

/** What a session tells of its course; empty unless a trace was asked for. */
export interface Trace {
  /** In no particular order. */
  readonly spans: readonly Span[];
  /** In no particular order; `undefined`: there were none. */
  readonly transfers?: readonly Transfer[] | undefined;
}

/** Answer to `call`. Payload: the outputs' bytes, one after the other. */
export interface Result extends Trace {
  readonly type: 'result';
  readonly id: number;
  readonly outputs: readonly OutputHead[];
}

/** A session that is over, for a subscriber. Payload: the bytes of all its outputs, one after the other. */
export interface SubscriptionEvent extends Trace {
  readonly type: 'event';
  /** The id of the `subscribe`. */
  readonly subscription: number;
  readonly outputs: readonly OutputHead[];
}

/** A session that failed, for a subscriber. */
export interface SubscriptionFault {
  readonly type: 'fault';
  /** The id of the `subscribe`. */
  readonly subscription: number;
  readonly code: ErrorCode;
  readonly message: string;
}

export type ExecutorState = 'starting' | 'idle' | 'busy' | 'dying';

/** What one worker node is doing. */
export interface NodeStatus {
  /** Sessions alive, those included that are answered but not yet released. */
  readonly sessions: number;
  readonly executors: readonly { readonly index: number; readonly state: ExecutorState }[];
  readonly memory: { readonly usedBytes: number; readonly arenaBytes: number };
  readonly counters: Counters;
}

/** Answer to a request for the status: of a node, or of all nodes of a cluster together. */
export interface Status extends NodeStatus {
  readonly type: 'status';
  readonly id: number;
  /** Names of the registered apps; of a coordinator: of those that it owns. */
  readonly apps: readonly string[];
  /** Each node of the cluster that answers; `undefined` where a node has been asked. */
  readonly nodes?: readonly NamedNodeStatus[] | undefined;
}

export interface NamedNodeStatus extends NodeStatus {
  readonly name: string;
}

/** Answer to `put-bundle`: it is in the durable store. */
export interface BundleStored {
  readonly type: 'bundle-stored';
  readonly id: number;
  /** By which definitions name it. */
  readonly bundle: string;
}

export type NodeMessage = Done | Failed | Result | SubscriptionEvent | SubscriptionFault | Status | BundleStored;
