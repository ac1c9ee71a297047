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

export type TriggerDefinition = Primitive & {
  /** Unique within the app. */
  readonly name: string;
  readonly bucket: string;
  /** The function that it starts. */
  readonly target: string;
  /** Default `session`. Not `app` for dynamic-group, dynamic-join, and custom triggers with sources. */
  readonly scope?: Scope;
};

export interface AppDefinition {
  readonly name: string;
  readonly functions: readonly FunctionDefinition[];
  readonly buckets: readonly BucketDefinition[];
  readonly triggers: readonly TriggerDefinition[];
  /** `false`: never run a triggered function on the thread that triggered it. For measuring; default `true`. */
  readonly inline?: boolean;
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
