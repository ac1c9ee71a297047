/**
 * What a worker node decides: sessions, buckets and triggers with state. Events in, effects out; the node's
 * threads, memory and sockets are outside.
 */
import type { ErrorCode } from './errors.ts';
import type { AppPlan } from './plan.ts';
import type { ObjectMeta, TriggerFactory } from './trigger.ts';

/** How a session is asked for. */
export interface SessionRequest {
  /** Chosen by the caller of this module; unique among the sessions alive. */
  readonly session: number;
  readonly app: AppPlan;
  /** Answer with the first output, or with all of them once the session is quiet. */
  readonly answer: 'first' | 'all';
  /** On the clock of `nowMs`; `undefined`: none. */
  readonly deadlineMs: number | undefined;
}

/** What is to be done, in this order. */
export type Effect =
  /** Start function `fn` (by position) of the session's app with these objects. */
  | { readonly type: 'start'; readonly session: number; readonly fn: number; readonly objects: readonly ObjectMeta[] }
  /** Answer the caller with these outputs. Comes at most once per session, and not together with `fail`. */
  | { readonly type: 'answer'; readonly session: number; readonly outputs: readonly ObjectMeta[] }
  /** Answer the caller with an error. */
  | { readonly type: 'fail'; readonly session: number; readonly code: ErrorCode; readonly message: string }
  /** Nothing that still runs for the session counts any more: abort it, start nothing for it. Follows an `answer` or `fail` while invocations are still under way. */
  | { readonly type: 'abort'; readonly session: number }
  /** The session is over and none of its invocations is under way: free what it holds. Comes exactly once, last. */
  | { readonly type: 'release'; readonly session: number };

/** The decisions of one worker node. Every method returns the effects of that event. */
export declare class NodeCore {
  /** Makes the triggers of an app known; `factories` has one entry for each custom trigger, by the trigger's name. */
  addApp(app: AppPlan, factories: ReadonlyMap<string, TriggerFactory>): void;
  /** Forgets an app; its sessions fail with `CANCELLED`. */
  removeApp(app: AppPlan): Effect[];
  open(request: SessionRequest): Effect[];
  /** An object came into a bucket that has triggers with state. Unknown or ended sessions: no effect. */
  objectSent(object: ObjectMeta, nowMs: number): Effect[];
  /** An object was sent as output. */
  outputSent(object: ObjectMeta): Effect[];
  /** No invocation of a function of watch set `watchSet` (1 and up) is under way in the session. */
  sourcesDone(session: number, watchSet: number, nowMs: number): Effect[];
  /** No invocation at all is under way in the session, and every event of it has been told before this one. */
  quiet(session: number, nowMs: number): Effect[];
  /** An invocation failed. The first failure ends the session. */
  failed(session: number, code: ErrorCode, message: string): Effect[];
  /** The caller gave up. */
  cancel(session: number): Effect[];
  /** Deadlines, and triggers that wait for a time. */
  onTime(nowMs: number): Effect[];
  /** When `onTime` wants to be called; `undefined`: not until something else happens. */
  dueMs(): number | undefined;
  /** Sessions alive, those included that are answered but not yet released. */
  get sessions(): number;
}
