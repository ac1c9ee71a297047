/**
 * The messages between two worker nodes, one union for each direction. The node that dials is the **home** of
 * sessions that it has spread, or fetches objects; the other one is their **guest**, or holds the objects. Each pair
 * of nodes has one such connection in either direction, and one more for fetching, so that large objects hold
 * up nothing else.
 *
 * A session is named by its home's number for it. Functions and buckets are positions in the plan of the app's version,
 * which is the same on all nodes. Within a connection the order of messages counts: what a guest has reported before
 * it gives back credits has happened before the end that these stand for.
 */
import type { ErrorCode } from '../core/errors.ts';
import type { Trace } from './messages.ts';

/** An object, and where its bytes are. */
export interface ObjectHead {
  /** Position of the function that sent it; -1 for a caller's input. */
  readonly source: number;
  /** Position of its bucket; -1: none. */
  readonly bucket: number;
  readonly key: string;
  readonly group: string;
  readonly metadata: string;
  /** In bytes. */
  readonly size: number;
  /** When it was sent, on the clock of the node that sent it. */
  readonly sentNs: number;
  /** The node that holds the bytes; `''`: they come with this message. */
  readonly node: string;
  /** Names it on that node. */
  readonly ref: number;
}

/** Run a function of a session with these objects. Payload: the bytes of those that lie nowhere else, one after the other. */
export interface Run {
  readonly type: 'run';
  readonly session: number;
  readonly app: string;
  readonly version: number;
  readonly fn: number;
  readonly traced: boolean;
  /** Counts the runs that the session has sent to this guest. */
  readonly sequence: number;
  readonly attempt: number;
  /** Beyond the first attempt, the home's number for the first run of the invocation, where its start was told; else -1. */
  readonly first: number;
  readonly objects: readonly ObjectHead[];
}

/** Nothing that runs for the session counts any more. */
export interface Abort {
  readonly type: 'abort';
  readonly session: number;
}

/** The session is over: free what it holds as soon as nothing of it runs any more. */
export interface Drop {
  readonly type: 'drop';
  readonly session: number;
}

/** Asks for an object's bytes. Answer: `object` or `absent`. */
export interface Fetch {
  readonly type: 'fetch';
  readonly id: number;
  /** The session's home. */
  readonly home: string;
  readonly session: number;
  readonly ref: number;
  /** Have them put into the durable store, under a key that the answer names, instead of sending them. */
  readonly byStore: boolean;
}

/** Answer to `find`. Payload: the bytes of an object that lies nowhere else. */
export interface Found {
  readonly type: 'found';
  readonly id: number;
  readonly session: number;
  readonly object: ObjectHead | undefined;
}

/** Asks a guest whether it has an object. Answer: `looked`. */
export interface Look {
  readonly type: 'look';
  readonly id: number;
  readonly session: number;
  readonly bucket: number;
  readonly key: string;
}

export type PeerRequest = Run | Abort | Drop | Fetch | Found | Look;

/** An object came into a bucket whose triggers have state. Payload: its bytes, if they lie nowhere else. */
export interface Sent {
  readonly type: 'sent';
  readonly session: number;
  /** The guest's number for the invocation that sent it, where its start was told; else -1. */
  readonly sender: number;
  readonly object: ObjectHead;
}

/** An object was sent as output by an invocation that has ended well. Payload as for `sent`. */
export interface Output {
  readonly type: 'output';
  readonly session: number;
  /** As for `sent`. */
  readonly sender: number;
  readonly object: ObjectHead;
}

/** A function is to be started that this node cannot run. Payload as for `sent`. */
export interface Start {
  readonly type: 'start';
  readonly session: number;
  readonly fn: number;
  readonly object: ObjectHead;
}

/** A producer has declared which objects of a group are to come. */
export interface Expected {
  readonly type: 'expected';
  readonly session: number;
  /** As for `sent`. */
  readonly sender: number;
  readonly source: number;
  readonly bucket: number;
  readonly group: string;
  readonly keys: readonly string[];
}

/** The body of an observed function begins with these objects. Payload as for `run`. */
export interface Started {
  readonly type: 'started';
  readonly session: number;
  readonly fn: number;
  /** The guest's number for the invocation. */
  readonly invocation: number;
  readonly attempt: number;
  /** The guest's number for the first run of the same invocation there. */
  readonly before: number;
  /** As `run` said. */
  readonly first: number;
  readonly objects: readonly ObjectHead[];
}

/** An invocation failed. */
export interface InvocationFailed {
  readonly type: 'invocation-failed';
  readonly session: number;
  /** The guest's number for it, where its start was told; else -1. */
  readonly invocation: number;
  readonly code: ErrorCode;
  readonly message: string;
}

/** Of watch set `set` nothing is under way on the guest any more: this many of the runs that it was given are over. */
export interface Idle {
  readonly type: 'idle';
  readonly session: number;
  readonly set: number;
  readonly credits: number;
}

/** The guest cannot take a run; nothing has come of it. */
export interface RunRefused {
  readonly type: 'run-refused';
  readonly session: number;
  readonly sequence: number;
  readonly code: ErrorCode;
  readonly message: string;
}

/** All that the guest can tell of the session's course so far. */
export interface Spans extends Trace {
  readonly type: 'spans';
  readonly session: number;
}

/** A function asks for an object that the guest does not have. Answer: `found`. */
export interface Find {
  readonly type: 'find';
  readonly id: number;
  readonly session: number;
  readonly bucket: number;
  readonly key: string;
}

/** Answer to `look`. Payload as for `found`. */
export interface Looked {
  readonly type: 'looked';
  readonly id: number;
  readonly session: number;
  readonly object: ObjectHead | undefined;
}

/** Answer to `fetch`. Payload: the object's bytes, unless `storeKey` says under which key of the durable store they are. */
export interface FetchedObject {
  readonly type: 'object';
  readonly id: number;
  readonly storeKey: string;
}

/** Answer to `fetch`: there is no such object (any more). */
export interface AbsentObject {
  readonly type: 'absent';
  readonly id: number;
  readonly message: string;
}

export type PeerReport =
  | Sent
  | Output
  | Start
  | Expected
  | Started
  | InvocationFailed
  | Idle
  | RunRefused
  | Spans
  | Find
  | Looked
  | FetchedObject
  | AbsentObject;
