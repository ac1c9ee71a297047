/** What a client registers: an app's functions, buckets and triggers, all of them plain data. */

/** Whether a trigger keeps its state per session, or gathers over the sessions of the app and opens a session with each firing. */
export type Scope = 'session' | 'app';

export interface FunctionDefinition {
  readonly name: string;
  /** URL of the module; every executor imports it on first use. */
  readonly module: string;
  /** The export: a function body, or, where `config` is given, a factory that is called with it once per executor and returns the body or a promise for it. */
  readonly export: string;
  /** Data for the factory; anything that structured clone copies. */
  readonly config?: unknown;
  /** Default: `LIMITS.functionTimeoutMs`. */
  readonly timeoutMs?: number;
  /** Invocations that one executor may have under way at once (bodies that await). Default 1. */
  readonly concurrency?: number;
  /** Labels that a worker node must have to run the function, such as `gpu`. Left out: any node may. */
  readonly requires?: readonly string[];
  /** Buckets that the function may send to; sending elsewhere fails. Left out: any bucket of the app. */
  readonly sends?: readonly string[];
}

export interface BucketDefinition {
  readonly name: string;
}

/** Parameters of the built-in trigger primitives (paper, section 3.2 and table 1), and of custom ones. */
export type Primitive =
  /** Each new object starts the target. */
  | { readonly primitive: 'immediate' }
  /** Each new object with this key starts the target. */
  | { readonly primitive: 'by-name'; readonly key: string }
  /** Once all keys are there the target starts with their objects, in the order of `keys`. */
  | { readonly primitive: 'by-set'; readonly keys: readonly string[] }
  /** Every `size` objects start the target, in order of arrival. */
  | { readonly primitive: 'by-batch-size'; readonly size: number }
  /**
   * The target starts with what came within a window of `windowMs`, when the window is over; not for an empty one.
   * Windows follow each other without gaps from the start of the session, or of the app; an object that comes just
   * when one window ends and the next begins belongs to the later.
   */
  | { readonly primitive: 'by-time'; readonly windowMs: number }
  /** Of every `n` objects of one group the first `k` start the target, in order of arrival; the others are dropped. */
  | { readonly primitive: 'redundant'; readonly k: number; readonly n: number }
  /**
   * Once all objects of a group are there whose keys a producer has declared, before or after, the target starts
   * with them in the order of the declaration; at once if it declared none.
   */
  | { readonly primitive: 'dynamic-join' }
  /** Once all `sources`, and everything that could still start one, are over, the target starts once for each group. */
  | { readonly primitive: 'dynamic-group'; readonly sources: readonly string[] }
  /**
   * A trigger of the user's own: `module` exports a {@link TriggerFactory} under `export`. It is told when a function
   * of `sources` starts, and may have it run again; left out: it is told of no start. See docs/custom-triggers.md.
   */
  | {
      readonly primitive: 'custom';
      readonly module: string;
      readonly export: string;
      readonly config?: unknown;
      readonly sources?: readonly string[];
    };

/**
 * What a bucket expects of a source function (paper: action_for_rerun): each invocation of it is to bring an object, or
 * a declaration, into the bucket. One that has not done so in time, or that failed, runs again with what it was
 * started with. Counts where the app's recovery is of level `function`.
 */
export interface RerunHint {
  /** The function; unless it may send anywhere, the bucket is among its `sends`. */
  readonly source: string;
  /** The one object of the session that is expected; from then on nothing is, of no invocation. Left out: one with any key of each. */
  readonly key?: string;
  /** From the start of each run on. */
  readonly timeoutMs: number;
}

export type TriggerDefinition = Primitive & {
  /** Unique within the app. */
  readonly name: string;
  readonly bucket: string;
  /** The function that it starts. */
  readonly target: string;
  /** Default `session`. Not `app` for dynamic-group, dynamic-join, and custom triggers with sources. */
  readonly scope?: Scope;
  /** Re-execution of functions that send to the bucket. Scope `session` alone. All triggers of the bucket are then decided by the scheduler. */
  readonly rerun?: readonly RerunHint[];
};

/** What is run again where something fails: single functions, whole runs of the workflow, or nothing. */
export type RecoveryLevel = 'function' | 'workflow' | 'off';

export interface RecoveryDefinition {
  /**
   * `function`, the default: invocations whose executor died, and those that the hints of triggers concern; the whole
   * session where a node of it was lost. `workflow`: the whole session, from its input, where a function failed or
   * timed out, an executor died or a node was lost; hints do not count. `off`: nothing, the caller is told at once.
   */
  readonly level: RecoveryLevel;
  /** How often an invocation, or a session, runs at most. Default `LIMITS.attempts`; not with level `off`. */
  readonly attempts?: number;
  /** A session without a result after this time runs again. Level `workflow` alone; left out: there is no such time. */
  readonly timeoutMs?: number;
}

export interface AppDefinition {
  readonly name: string;
  readonly functions: readonly FunctionDefinition[];
  readonly buckets: readonly BucketDefinition[];
  readonly triggers: readonly TriggerDefinition[];
  /** `false`: never run a triggered function on the thread that triggered it. For measuring; default `true`. */
  readonly inline?: boolean;
  /** Default: level `function`. */
  readonly recovery?: RecoveryDefinition;
  /**
   * Where bodies run: on the node's threads, over shared memory (default), or in processes of their own, which get
   * copies of their inputs; a crash there is one of its invocation alone.
   */
  readonly isolation?: 'threads' | 'processes';
  /** JavaScript heap of each process, in MiB; only with isolation `processes`. Default: what the runtime gives itself. */
  readonly heapMb?: number;
  /** `false`: load functions on first use, not when the app is registered. Default `true`. */
  readonly warm?: boolean;
  /** Object memory that the app's sessions may hold on a node at once, counted in granules of 64 KiB. Default: the node's. */
  readonly memoryBytes?: number;
}
