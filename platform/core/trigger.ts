/** The open interface of triggers. Built-in primitives and users' own ones implement it alike. */

/** A run of an invocation of a function whose starts are told. */
export interface SourceRun {
  /** Its number, which no other run of the session has; later ones have higher numbers. */
  readonly invocation: number;
  /** The number of the first run of the same invocation: its own, unless it was started again with what that was started with. */
  readonly first: number;
}

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
  /** The run that sent it; `undefined` where starts of its function are not told. */
  readonly sender?: SourceRun | undefined;
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
  /** The run that declares; `undefined` where starts of its function are not told. */
  readonly sender?: SourceRun | undefined;
}

/** An invocation of a source function is to run again, since what it should have sent did not come in time. */
export interface Rerun {
  readonly session: number;
  /** The number of one of its runs, which no other of the session has. */
  readonly invocation: number;
}

/** An invocation of a source function has started, for the first time or again; returned from `overdue`, it runs again. */
export interface StartedSource extends Rerun, SourceRun {
  readonly fn: string;
  /** The objects that it was started with. */
  readonly inputs: readonly ObjectMeta[];
}

/** What most events come to. */
export const NO_FIRINGS: readonly Firing[] = Object.freeze([]);
export const NO_RERUNS: readonly Rerun[] = Object.freeze([]);

/** A trigger has no use for an object. */
export function letGo(object: ObjectMeta): readonly Firing[] {
  return [{ objects: [object], start: false }];
}

/**
 * One trigger's state: for one session (scope `session`) or for the app. Pure: no clock, no randomness; time is
 * an argument, in milliseconds on any clock that does not go back. What is left out is never called.
 *
 * In scope `session` the state begins with the first object or declaration in the bucket, or with the first start
 * of a source, and ends with its session. A custom trigger whose definition names no sources is told of no starts;
 * `onSourcesDone` then waits for all functions. A session is not over while `dueMs` names a time, so name one only
 * while something waits for it.
 *
 * In scope `app` the state begins and ends with the app. An object is the trigger's until it fires with it or
 * lets go of it, which it can do once; at most `LIMITS.objectsPerAppTrigger` may wait. Sources and declarations
 * belong to sessions: a custom trigger with a method for these is refused.
 */
export interface Trigger {
  /** A new object has come into the bucket (paper: action_for_new_object). */
  onObject(object: ObjectMeta, nowMs: number): readonly Firing[];
  /** A producer has declared which objects of a group are to come, some of which may be there. */
  onExpected?(expected: Expectation, nowMs: number): readonly Firing[];
  /** An invocation of a source has started (paper: notify_source_func): its body begins, be it for the first time or again. */
  onSourceStarted?(source: StartedSource, nowMs: number): void;
  /** All sources of the trigger, and all that could still start one, are over in the session; once more after sources ran again. */
  onSourcesDone?(session: number, nowMs: number): readonly Firing[];
  /** The time that `dueMs` named has come. */
  onTime?(nowMs: number): readonly Firing[];
  /**
   * The time that `dueMs` named has come, and `onTime`, if there is one, has been called: which invocations of sources
   * to run again with what they were started with (paper: action_for_rerun). Each becomes an invocation of its own,
   * told to `onSourceStarted` under a new number; what the earlier one still sends counts as ever.
   */
  overdue?(nowMs: number): readonly Rerun[];
  /** When `onTime` and `overdue` want to be called next; `undefined`: not until something else happens. */
  dueMs?(): number | undefined;
}

/** What a factory of custom triggers is given. */
export interface TriggerSetup {
  readonly config: unknown;
  /** Session of the state, or `undefined` in app scope. */
  readonly session: number | undefined;
  /** The sources that the trigger's definition names. */
  readonly sources: readonly string[];
}

/** Makes the state of a custom trigger. `platform/examples/quorum.ts` is a worked example. */
export type TriggerFactory = (setup: TriggerSetup) => Trigger;
