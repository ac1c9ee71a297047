/**
 * A workflow: functions, and the data dependencies between them.
 *
 * It says which data starts which function and nothing about how a platform brings that about. Dependencies
 * are the interaction patterns of the paper (NSDI 2023, section 2 and table 1); values are bytes.
 */

/** Names a function body so that any process or thread can load it. */
export interface FunctionSpec {
  /** URL of the module that exports the body; see {@link beside}. */
  readonly module: string;
  /** Name of the export, a {@link FunctionBody}. */
  readonly export: string;
  /** An invocation that takes longer has failed. Default: the platform's. */
  readonly timeoutMs?: number;
  /** How many invocations one executor may have under way at once; above 1 only for bodies that await. Default 1. */
  readonly concurrency?: number;
}

/** One value that started an invocation. */
export interface Input {
  /** Name of the function that emitted it, or `''` for the caller's input and for fed events. */
  readonly from: string;
  /** The key that its producer gave, or `''`. */
  readonly key: string;
  /** The group that its producer named, or `''`. */
  readonly group: string;
  /** The value. Valid until the invocation ends; never to be written to. */
  readonly bytes: Uint8Array;
}

/** What a producer says about a value that it emits. */
export interface Label {
  /** Picks the branch of a `choice`; otherwise free, and handed to the consumer. */
  readonly key?: string;
  /** The group of a `group` dependency; required there. */
  readonly group?: string;
}

/** What a function body sees of its invocation, the same on every platform. */
export interface FunctionContext {
  /** The values that started this invocation; joins order them by branch or by item, groups and batches by arrival. */
  readonly inputs: readonly Input[];
  /** Fires when the invocation is cancelled or times out. */
  readonly signal: AbortSignal;
  /**
   * Memory for an output of `size` bytes: the platform's own object memory where it has such. Its content is
   * unspecified. Filling it in place and emitting it is the cheapest way to pass a value on.
   */
  allocate(size: number): Uint8Array;
  /** Hands a value to the functions that depend on this one, or to the caller where none does. */
  emit(bytes: Uint8Array, label?: Label): void;
}

/** A function of a workflow. It is over when it returns, or when the promise that it returns is settled. */
export type FunctionBody = (context: FunctionContext) => void | Promise<void>;

/** Whether objects and counters die with their session, or gather over many (batches and windows of a stream). */
export type Scope = 'session' | 'app';

/** The one value that `from` emits starts `to`. */
export interface Sequence {
  readonly pattern: 'sequence';
  readonly from: string;
  readonly to: string;
}

/** The one value that `from` emits starts the function that stands beside its key. Nothing else may depend on `from`. */
export interface Choice {
  readonly pattern: 'choice';
  readonly from: string;
  readonly to: Readonly<Record<string, string>>;
}

/** The one value that `from` emits starts every function of `to`. */
export interface Parallel {
  readonly pattern: 'parallel';
  readonly from: string;
  readonly to: readonly string[];
}

/**
 * `to` starts once all of `from` have emitted their one value in the session; its inputs stand in the order of
 * `from`. In a cycle the gathering then begins afresh; a second value of a source before that is dropped.
 */
export interface Assemble {
  readonly pattern: 'assemble';
  readonly from: readonly string[];
  readonly to: string;
}

/**
 * Each of the values that one invocation of `from` emits (any number, none too, known only at run time) starts
 * `each`; once all of these are over, `to`, where given, starts with their values, at most one each, in the order
 * of the items. Nothing else starts `each`.
 */
export interface MapEach {
  readonly pattern: 'map';
  readonly from: string;
  readonly each: string;
  readonly to?: string;
}

/** `to` starts with every `size` values that `from` has emitted. Values short of a batch start nothing; they end with their session. */
export interface Batch {
  readonly pattern: 'batch';
  readonly from: string;
  readonly size: number;
  readonly to: string;
  readonly scope: Scope;
}

/**
 * Every `everyMs` milliseconds `to` starts with the values that `from` has emitted since; not at all if there are
 * none. Where the first window begins is the platform's to choose. A run is not over while values wait.
 */
export interface Window {
  readonly pattern: 'window';
  readonly from: string;
  readonly everyMs: number;
  readonly to: string;
  readonly scope: Scope;
}

/**
 * The one value that `from` emits starts `each` `n` times; `to` starts with the first `k` values, in order of
 * arrival; later ones are dropped. Nothing else starts `each`.
 */
export interface KOutOfN {
  readonly pattern: 'k-out-of-n';
  readonly from: string;
  readonly each: string;
  readonly n: number;
  readonly k: number;
  readonly to: string;
}

/**
 * Once every invocation of `from` in the session is over and none can start any more, `to` starts once for each
 * group that they named.
 */
export interface Group {
  readonly pattern: 'group';
  readonly from: string;
  readonly to: string;
}

/** A data dependency: one of the paper's nine interaction patterns. */
export type Dependency = Sequence | Choice | Parallel | Assemble | MapEach | Batch | Window | KOutOfN | Group;

/** The name of an interaction pattern. */
export type Pattern = Dependency['pattern'];

/** A pattern that gathers in one of two scopes. */
export type ScopedPattern = Extract<Dependency, { readonly scope: Scope }>['pattern'];

/** All nine patterns, in the order of the tables. */
export const PATTERNS: readonly Pattern[] = ['sequence', 'choice', 'parallel', 'assemble', 'map', 'batch', 'window', 'k-out-of-n', 'group'];

/**
 * Functions and their data dependencies; what a driver deploys. `validateWorkflow` tells whether it holds together.
 *
 * A value goes to every dependency that its function is a source of. Where one of them takes "the one value", an
 * invocation emits one value or none; none starts nothing. A second value, a key that is no branch of a choice and
 * a value without the group that it needs fail the run with `FUNCTION_FAILED`, as does a body that throws; the first
 * failure ends the run.
 */
export interface Workflow {
  /** Lower-case letters, digits and dashes, up to 64; so are the names of functions. */
  readonly name: string;
  /** The function that the caller's input, or a fed event, starts. */
  readonly entry: string;
  readonly functions: Readonly<Record<string, FunctionSpec>>;
  readonly dependencies: readonly Dependency[];
  /**
   * When a run is over: `first`: with the first value emitted by a function that nothing depends on; what still
   * runs is cancelled; ending without such a value is `FUNCTION_FAILED`. `all`: when nothing runs and nothing can
   * start any more; its values are all that such functions emitted, in no particular order, possibly none.
   * Workflows with a dependency of app scope are fed, not invoked; their result is `all`, value by value.
   */
  readonly result: 'first' | 'all';
}

/** Whether `pattern` gathers in one of two scopes. */
export function isScoped(pattern: Pattern): pattern is ScopedPattern {
  return pattern === 'batch' || pattern === 'window';
}

/** URL of the module `name` in the folder of the module `from`, with the same ending (`.ts` here, `.js` when packed). */
export function beside(from: string, name: string): string {
  return new URL(`./${name}${from.slice(from.lastIndexOf('.'))}`, from).href;
}

/** Names of the functions that dependency `d` takes values from. */
export function sourcesOf(d: Dependency): readonly string[] {
  return d.pattern === 'assemble' ? d.from : [d.from];
}

/** Names of the functions that dependency `d` can start. */
export function targetsOf(d: Dependency): readonly string[] {
  switch (d.pattern) {
    case 'choice':
      return Object.values(d.to);
    case 'parallel':
      return d.to;
    case 'map':
      return d.to === undefined ? [d.each] : [d.each, d.to];
    case 'k-out-of-n':
      return [d.each, d.to];
    default:
      return [d.to];
  }
}

/** Whether the values of function `name` are handed to the caller: nothing depends on them. */
export function isTerminal(workflow: Workflow, name: string): boolean {
  return !workflow.dependencies.some(
    (d) => sourcesOf(d).includes(name) || ((d.pattern === 'map' || d.pattern === 'k-out-of-n') && d.each === name && d.to !== undefined),
  );
}
