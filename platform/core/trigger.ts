/** The open interface of triggers. Built-in primitives and users' own ones implement it alike. */

/** What the platform knows of an object; its bytes are never looked at. */
export interface ObjectMeta {
  /** Where the bytes are; opaque here. */
  readonly ref: number;
  readonly session: number;
  readonly bucket: string;
  readonly key: string;
  /** `''` if the producer named none. */
  readonly group: string;
  /** The function that sent it; `''` for the caller's input. */
  readonly source: string;
  /** Free text of the producer's, opaque here; `''` if it gave none. */
  readonly metadata: string;
}

/** What a trigger does with objects that came to it. */
export interface Firing {
  readonly objects: readonly ObjectMeta[];
  /**
   * `true`, the default: the target starts once with these objects as its inputs. `false`: the trigger lets go of
   * them unused; without effect in scope `session`, where objects end with their session.
   */
  readonly start?: boolean;
}

/** A producer has declared which objects of a group are to come. */
export interface Expectation {
  readonly session: number;
  /** The function that declares. */
  readonly source: string;
  readonly bucket: string;
  readonly group: string;
  /** One for each object, all different; none at all is allowed. */
  readonly keys: readonly string[];
}

/** A source function is to run again, since what it should have sent did not come in time. */
export interface Rerun {
  readonly session: number;
  readonly fn: string;
}

/** What most events come to. */
export const NO_FIRINGS: readonly Firing[] = Object.freeze([]);

/** A trigger has no use for an object. */
export function letGo(object: ObjectMeta): readonly Firing[] {
  return [{ objects: [object], start: false }];
}

/**
 * One trigger's state: for one session (scope `session`) or for the app. Pure: no clock, no randomness; time is
 * an argument, in milliseconds on any clock that does not go back. What is left out is never called.
 *
 * In scope `session` the state begins with the first object or declaration in the bucket and ends with its
 * session. To a trigger that names no sources, as custom ones do, all functions are sources. A session is not over
 * while `dueMs` names a time, so name one only while something waits for it.
 *
 * In scope `app` the state begins and ends with the app. An object is the trigger's until it fires with it or
 * lets go of it, which it can do once; at most `LIMITS.objectsPerAppTrigger` may wait. Sources and declarations
 * belong to sessions: a custom trigger with `onSourcesDone` or `onExpected` is refused.
 *
 * This node runs no sources again yet: it refuses custom triggers with `onSourceStarted` or `overdue`.
 */
export interface Trigger {
  /** A new object has come into the bucket (paper: action_for_new_object). */
  onObject(object: ObjectMeta, nowMs: number): readonly Firing[];
  /** A producer has declared which objects of a group are to come, some of which may be there. */
  onExpected?(expected: Expectation, nowMs: number): readonly Firing[];
  /** A source function has started (paper: notify_source_func). */
  onSourceStarted?(fn: string, session: number, nowMs: number): void;
  /** All sources of the trigger, and all that could still start one, are over in the session. */
  onSourcesDone?(session: number, nowMs: number): readonly Firing[];
  /** The time that `dueMs` named has come. */
  onTime?(nowMs: number): readonly Firing[];
  /** Which source functions to run again (paper: action_for_rerun). */
  overdue?(nowMs: number): readonly Rerun[];
  /** When `onTime` or `overdue` wants to be called next; `undefined`: not until something else happens. */
  dueMs?(): number | undefined;
}

/** What a factory of custom triggers is given. */
export interface TriggerSetup {
  readonly config: unknown;
  /** Session of the state, or `undefined` in app scope. */
  readonly session: number | undefined;
}

/** Makes the state of a custom trigger. */
export type TriggerFactory = (setup: TriggerSetup) => Trigger;
