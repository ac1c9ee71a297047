/** What a node needs of its cluster, for sessions that are on several nodes. A node by itself has none of it. */
import type { ErrorCode } from '../core/errors.ts';
import type { Invocation } from '../executor/ledger.ts';
import type { Report } from '../executor/reports.ts';
import type { Span } from '../wire/messages.ts';
import type { SessionState } from './sessions.ts';
import type { StartedRun } from './started-runs.ts';

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
  /** A session has given its memory back. */
  freed(): void;
  /** Called every millisecond while bodies come and go. */
  look(): void;
  /** When invocations ran on other nodes. */
  spans(session: SessionState): readonly Span[];
}

/** What a session of which this node is a guest does about what happens in it: its home decides. */
export interface GuestRole {
  /** `run`: the one that the report is about, where the starts of its function are told. */
  reported(session: SessionState, report: Report, run: StartedRun | undefined): void;
  /** `invocation`: the number of the run that failed, if it is one's. */
  failed(session: SessionState, code: ErrorCode, message: string, invocation: number | undefined): void;
  sourcesDone(session: SessionState, set: number): void;
  quiet(session: SessionState): void;
  /** How other nodes name the session. */
  readonly home: string;
  readonly session: number;
}
