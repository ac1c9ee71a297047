/** An app made ready to run: names resolved to small integers, triggers sorted by who decides them. */
import type { AppDefinition, FunctionDefinition, TriggerDefinition } from './app.ts';
import { LIMITS } from './limits.ts';
import { planRecovery, type RecoveryPlan } from './recovery.ts';
import { validateApp } from './validate.ts';
import { findWatchSets } from './watch-sets.ts';

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
  /** Whether the start of one of its invocations is to be told: a trigger wants to know, or hints concern it. */
  readonly observed: boolean;
}

export interface BucketPlan {
  /** Position in `AppPlan.buckets`. */
  readonly index: number;
  readonly name: string;
  /** Functions (by position) that each new object starts: Immediate triggers of scope `session`, unless the bucket has hints. Decided by the sending thread. */
  readonly immediate: readonly number[];
  /** Functions (by position) that a new object with the key starts: ByName triggers of scope `session`, unless the bucket has hints. Decided by the sending thread. */
  readonly byName: ReadonlyMap<string, readonly number[]>;
  /** Triggers with state of scope `session`, and all of scope `session` where the bucket has hints; the scheduler decides them. */
  readonly stateful: readonly TriggerPlan[];
  /** Triggers of scope `app`, with and without state; the scheduler decides them. */
  readonly appStateful: readonly TriggerPlan[];
  /** Whether producers may declare which objects are to come: a trigger of `stateful` waits for that, or, a custom one, may wait. */
  readonly expects: boolean;
}

export interface TriggerPlan {
  readonly definition: TriggerDefinition;
  readonly scope: 'session' | 'app';
  /** Position of the target function. */
  readonly target: number;
  /** The watch set that `onSourcesDone` waits for; `undefined` for triggers that wait for none. */
  readonly watchSet: number | undefined;
  /** Functions of whose starts the trigger is told. */
  readonly observes: readonly string[];
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
  readonly recovery: RecoveryPlan;
  /** What buckets expect of sources; none where the app's recovery is not of level `function`. */
  readonly hints: readonly HintPlan[];
}

/** What a bucket expects of each invocation of a source; see `RerunHint`. */
export interface HintPlan {
  readonly bucket: string;
  readonly source: string;
  /** `undefined`: any. */
  readonly key: string | undefined;
  readonly timeoutMs: number;
}

/** Checks a definition and resolves its names. Throws `INVALID_APP` with what was expected, what came and where. */
export function planApp(definition: AppDefinition): AppPlan {
  validateApp(definition);
  const functionIndex = positions(definition.functions);
  const bucketIndex = positions(definition.buckets);
  const sends = definition.functions.map((fn) => fn.sends && new Set(fn.sends.map((bucket) => bucketIndex.get(bucket)!)));
  // Triggers of scope `app` start nothing in the session that their objects come from.
  const ofSessions = definition.triggers.filter(({ scope }) => scope !== 'app');
  const { sets: watchSets, ofTrigger } = findWatchSets({
    app: definition.name,
    sends,
    triggers: ofSessions.map((trigger) => ({
      name: trigger.name,
      bucket: bucketIndex.get(trigger.bucket)!,
      target: functionIndex.get(trigger.target)!,
      sources: sourcesOf(trigger)?.map((source) => functionIndex.get(source)!),
    })),
  });
  const watchSetOf = new Map(ofSessions.map((trigger, position) => [trigger, watchSetFor(trigger, ofTrigger[position])]));

  const recovery = planRecovery(definition.recovery);
  const hints = recovery.level === 'function' ? definition.triggers.flatMap(hintsOf) : [];
  const observed = new Set([...definition.triggers.flatMap(observedBy), ...hints.map(({ source }) => source)]);
  const functions = definition.functions.map((fn, index) => ({
    index,
    definition: fn,
    timeoutMs: fn.timeoutMs ?? LIMITS.functionTimeoutMs,
    concurrency: fn.concurrency ?? 1,
    watchSets: [...watchSets.keys()].filter((set) => watchSets[set]!.has(index)),
    sends: sends[index],
    observed: observed.has(fn.name),
  }));
  const triggers = Map.groupBy(definition.triggers, ({ bucket }) => bucket);
  const buckets = definition.buckets.map(({ name }, index) => {
    const plans = (triggers.get(name) ?? []).map((trigger) => ({
      definition: trigger,
      scope: trigger.scope ?? 'session',
      target: functionIndex.get(trigger.target)!,
      watchSet: watchSetOf.get(trigger),
      observes: observedBy(trigger),
    }));
    const isHinted = hints.some(({ bucket }) => bucket === name);
    return planBucket(index, name, plans, isHinted);
  });
  const { name, inline = true } = definition;
  return { name, inline, functions, buckets, functionIndex, bucketIndex, watchSets, recovery, hints };
}

function hintsOf({ bucket, rerun = [] }: TriggerDefinition): HintPlan[] {
  return rerun.map(({ source, key, timeoutMs }) => ({ bucket, source, key, timeoutMs }));
}

function sourcesOf(trigger: TriggerDefinition): readonly string[] | undefined {
  return 'sources' in trigger ? trigger.sources : undefined;
}

/** To a custom trigger that names no sources all functions count as such. */
function watchSetFor({ primitive }: TriggerDefinition, ofSources: number | undefined): number | undefined {
  return ofSources ?? (primitive === 'custom' ? 0 : undefined);
}

/** The primitives know all that they need from objects, and from their sources being over. */
function observedBy(trigger: TriggerDefinition): readonly string[] {
  return trigger.primitive === 'custom' ? (trigger.sources ?? []) : [];
}

/** Sorts a bucket's triggers by who decides them. Where it has hints, all are told only of objects that no run has sent before: the scheduler decides. */
function planBucket(index: number, name: string, triggers: readonly TriggerPlan[], isHinted: boolean): BucketPlan {
  const immediate: number[] = [];
  const byName = new Map<string, number[]>();
  const stateful: TriggerPlan[] = [];
  const appStateful: TriggerPlan[] = [];
  for (const trigger of triggers) {
    const { definition, scope, target } = trigger;
    if (scope === 'app') appStateful.push(trigger);
    else if (isHinted) stateful.push(trigger);
    else if (definition.primitive === 'immediate') immediate.push(target);
    else if (definition.primitive !== 'by-name') stateful.push(trigger);
    else byName.set(definition.key, [...(byName.get(definition.key) ?? []), target]);
  }
  const expects = stateful.some(({ definition: { primitive } }) => primitive === 'dynamic-join' || primitive === 'custom');
  return { index, name, immediate, byName, stateful, appStateful, expects };
}

function positions(items: readonly { readonly name: string }[]): ReadonlyMap<string, number> {
  return new Map(items.map(({ name }, index) => [name, index]));
}
