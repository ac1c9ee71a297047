/** What the node's decisions come to. */
import type { ErrorCode } from './errors.ts';
import type { ObjectMeta } from './trigger.ts';

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

/** What most events come to: nothing to do. Shared and frozen. */
export const NO_EFFECTS = Object.freeze([]) as readonly Effect[] as Effect[];
