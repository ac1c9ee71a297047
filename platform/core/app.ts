/** What a client registers: an app's functions, buckets and triggers, all of them plain data. */

/** Whether a trigger keeps its state per session, or gathers over the sessions of the app. */
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
  /** Once all `sources`, and everything that could still start one, are over, the target starts once for each group. */
  | { readonly primitive: 'dynamic-group'; readonly sources: readonly string[] }
  /** A trigger of the user's own: `module` exports a {@link TriggerFactory} under `export`. */
  | { readonly primitive: 'custom'; readonly module: string; readonly export: string; readonly config?: unknown };

export type TriggerDefinition = Primitive & {
  /** Unique within the app. */
  readonly name: string;
  readonly bucket: string;
  /** The function that it starts. */
  readonly target: string;
  /** Default `session`. */
  readonly scope?: Scope;
};

export interface AppDefinition {
  readonly name: string;
  readonly functions: readonly FunctionDefinition[];
  readonly buckets: readonly BucketDefinition[];
  readonly triggers: readonly TriggerDefinition[];
  /** `false`: never run a triggered function on the thread that triggered it. For measuring; default `true`. */
  readonly inline?: boolean;
}
