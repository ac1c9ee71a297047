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
}

/** The target is to start once with these objects as its inputs. */
export interface Firing {
  readonly objects: readonly ObjectMeta[];
}

/** A source function is to run again, since what it should have sent did not come in time. */
export interface Rerun {
  readonly session: number;
  readonly fn: string;
}

/** What most events come to. */
export const NO_FIRINGS: readonly Firing[] = Object.freeze([]);

/**
 * One trigger's state: for one session (scope `session`) or for the app. Pure: no clock, no randomness; time is
 * an argument, in milliseconds on any clock that does not go back. What is left out is never called.
 *
 * The state begins with the first object in the bucket and ends with its session. To a trigger that names no
 * sources, as custom ones do, all functions are sources. A session is not over while `dueMs` names a time, so
 * name one only while something waits for it. This node runs no sources again yet: it refuses custom triggers
 * with `onSourceStarted` or `overdue`.
 */
export interface Trigger {
  /** A new object has come into the bucket (paper: action_for_new_object). */
  onObject(object: ObjectMeta, nowMs: number): readonly Firing[];
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
