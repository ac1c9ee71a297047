/** What the node's decisions come to. */
import type { ErrorCode } from './errors.ts';
import type { AppPlan } from './plan.ts';
import type { ObjectMeta } from './trigger.ts';

/** What is to be done, in this order. */
export type Effect = SessionEffect | AppEffect;

/** What is to be done for a session. */
export type SessionEffect =
  /** Start function `fn` (by position) of the session's app with these objects. */
  | { readonly type: 'start'; readonly session: number; readonly fn: number; readonly objects: readonly ObjectMeta[] }
  /** Start what run `invocation` was started with once more, as an invocation of its own. Its number is one that `sourceStarted` named. */
  | { readonly type: 'rerun'; readonly session: number; readonly invocation: number }
  /** Answer the caller with these outputs. Comes at most once per session, and not together with `fail`. */
  | { readonly type: 'answer'; readonly session: number; readonly outputs: readonly ObjectMeta[] }
  /** Answer the caller with an error. */
  | { readonly type: 'fail'; readonly session: number; readonly code: ErrorCode; readonly message: string }
  /** Nothing that still runs for the session counts any more: abort it, start nothing for it. Follows an `answer` or `fail` while invocations are still under way. */
  | { readonly type: 'abort'; readonly session: number }
  /** The session is over and none of its invocations is under way: free what it holds. Comes exactly once, last. */
  | { readonly type: 'release'; readonly session: number };

/** What is to be done for triggers of scope `app`. */
export type AppEffect =
  /** Open a session of the app and start function `fn` (by position) in it with these objects, which are copies that the host holds for the app. */
  | { readonly type: 'open'; readonly app: AppPlan; readonly fn: number; readonly objects: readonly ObjectMeta[] }
  /** No trigger of the app wants these copies any more, by their `ref`. Comes once for each copy, after every `open` with it. */
  | { readonly type: 'drop'; readonly app: AppPlan; readonly refs: readonly number[] }
  /** A custom trigger failed: what it held is dropped, and its state begins afresh with the next object. */
  | { readonly type: 'trigger-failed'; readonly app: AppPlan; readonly trigger: string; readonly message: string };

/** What most events come to: nothing to do. Shared and frozen. */
export const NO_EFFECTS = Object.freeze([]) as readonly SessionEffect[] as SessionEffect[];
