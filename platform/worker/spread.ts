/** What a node needs of its cluster, for sessions that are on several nodes. A node by itself has none of it. */
import type { ErrorCode } from '../core/errors.ts';
import type { Invocation } from '../executor/ledger.ts';
import type { Counters } from '../wire/counters.ts';
import type { Trace } from '../wire/messages.ts';
import type { SessionState } from './sessions.ts';

/** The sessions of this node as part of a cluster. */
export interface Spread {
  /** Whether it sees to it that the invocation, which is counted as under way, starts: on another node, or here once its inputs are. */
  takes(session: SessionState, invocation: Invocation): boolean;
  /** Brings the bytes of objects that are absent; calls `done` once, at once where none are. */
  bring(session: SessionState, refs: readonly number[], done: (error?: Error & { readonly code: ErrorCode }) => void): void;
  /** An executor waits for an object of bucket `bucket`; `wish`: the object that says which, and takes the answer. */
  onWish(session: SessionState, bucket: number, wish: number): void;
  /** An object came into a bucket with triggers of scope `app`. */
  appObjectSent(session: SessionState, ref: number): void;
  /** Nothing that still runs for the session counts any more. */
  aborted(session: SessionState): void;
  /** The session gives its memory back here, and with it everywhere. */
  released(session: SessionState): void;
  /** What it has counted since its start. */
  counters(): Pick<Counters, 'forwardedTotal' | 'fetchedBytesTotal'>;
  /** A session has given its memory back. */
  freed(): void;
  /** Called every millisecond while bodies come and go. */
  look(): void;
  /** What other nodes have told of the session's course, each of its own part. */
  traces(session: SessionState): readonly Trace[];
}
