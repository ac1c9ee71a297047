/** An app made ready to run: names resolved to small integers, triggers sorted by who decides them. */
import type { AppDefinition, FunctionDefinition, TriggerDefinition } from './app.ts';

export interface FunctionPlan {
  /** Position in `AppPlan.functions`. */
  readonly index: number;
  readonly definition: FunctionDefinition;
  readonly timeoutMs: number;
  readonly concurrency: number;
  /** Watch sets that the function belongs to; see {@link AppPlan.watchSets}. */
  readonly watchSets: readonly number[];
  /** Buckets (by position) that it may send to; `undefined`: any. */
  readonly sends: ReadonlySet<number> | undefined;
}

export interface BucketPlan {
  /** Position in `AppPlan.buckets`. */
  readonly index: number;
  readonly name: string;
  /** Functions (by position) that each new object starts: Immediate triggers. Decided by the sending thread. */
  readonly immediate: readonly number[];
  /** Functions (by position) that a new object with the key starts: ByName triggers. Decided by the sending thread. */
  readonly byName: ReadonlyMap<string, readonly number[]>;
  /** Triggers with state; the scheduler decides them. */
  readonly stateful: readonly TriggerPlan[];
}

export interface TriggerPlan {
  readonly definition: TriggerDefinition;
  readonly scope: 'session' | 'app';
  /** Position of the target function. */
  readonly target: number;
  /** The watch set that `onSourcesDone` waits for, if the trigger has sources. */
  readonly watchSet: number | undefined;
}

export interface AppPlan {
  readonly name: string;
  readonly inline: boolean;
  readonly functions: readonly FunctionPlan[];
  readonly buckets: readonly BucketPlan[];
  readonly functionIndex: ReadonlyMap<string, number>;
  readonly bucketIndex: ReadonlyMap<string, number>;
  /**
   * Sets of functions (by position) of which a trigger wants to know when the last invocation of a session is
   * over: the trigger's sources and every function from which one of them can be reached. Set 0 is always all
   * functions: a session is quiet when it is empty.
   */
  readonly watchSets: readonly ReadonlySet<number>[];
}

/** Checks a definition and resolves its names. Throws `INVALID_APP` with what was expected, what came and where. */
export declare function planApp(definition: AppDefinition): AppPlan;
