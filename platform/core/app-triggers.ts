/** An app's triggers with state of scope `session`, as sessions need them. */
import { PheromoneError } from './errors.ts';
import type { AppPlan, TriggerPlan } from './plan.ts';
import type { TriggerFactory } from './trigger.ts';
import { type StateFactory, stateFactory } from './triggers/create.ts';

export interface StatefulTrigger {
  readonly plan: TriggerPlan;
  /** Its place among the app's triggers with state. */
  readonly slot: number;
  readonly newState: StateFactory;
}

export interface AppTriggers {
  readonly app: AppPlan;
  /** The triggers with state of every bucket, by its name. */
  readonly ofBucket: ReadonlyMap<string, readonly StatefulTrigger[]>;
  /** The triggers that are told when a function starts, by its name. */
  readonly ofSource: ReadonlyMap<string, readonly StatefulTrigger[]>;
  /**
   * For each watch set the triggers that may take their sources to be over when no function of the set runs:
   * those whose own set is part of it, the smallest set first, so that one that can start a source of another
   * comes before it.
   */
  readonly settledBy: readonly (readonly StatefulTrigger[])[];
}

/** `factories` has one entry for each custom trigger, by its name; throws `INVALID_APP` where one is missing. */
export function prepareTriggers(app: AppPlan, factories: ReadonlyMap<string, TriggerFactory>): AppTriggers {
  const all: StatefulTrigger[] = [];
  const ofBucket = new Map<string, readonly StatefulTrigger[]>();
  for (const bucket of app.buckets) {
    const triggers = bucket.stateful.map((plan, position) => {
      const { name } = plan.definition;
      return { plan, slot: all.length + position, newState: stateFactory(app.name, plan.definition, factories.get(name)) };
    });
    ofBucket.set(bucket.name, triggers);
    all.push(...triggers);
  }
  const ofSource = new Map(
    app.functions.flatMap(({ definition: { name }, observed }) => {
      return observed ? [[name, all.filter(({ plan }) => plan.observes.includes(name))] as const] : [];
    }),
  );
  const setOf = (trigger: StatefulTrigger) => app.watchSets[trigger.plan.watchSet!]!;
  const waiting = all.filter((trigger) => trigger.plan.watchSet !== undefined).sort((a, b) => setOf(a).size - setOf(b).size);
  const settledBy = app.watchSets.map((watched) => waiting.filter((trigger) => [...setOf(trigger)].every((fn) => watched.has(fn))));
  return { app, ofBucket, ofSource, settledBy };
}

/** The triggers with state of a bucket. Throws `UNKNOWN_BUCKET`. */
export function triggersOfBucket({ app, ofBucket }: AppTriggers, bucket: string): readonly StatefulTrigger[] {
  const triggers = ofBucket.get(bucket);
  if (triggers === undefined)
    throw new PheromoneError('UNKNOWN_BUCKET', `app "${app.name}": expected a bucket of the app, got "${bucket}"`);
  return triggers;
}

/** The triggers to tell when no function of a watch set runs, in this order. Throws `INTERNAL`. */
export function triggersSettledBy({ app, settledBy }: AppTriggers, watchSet: number): readonly StatefulTrigger[] {
  const triggers = settledBy[watchSet];
  if (triggers === undefined) {
    throw new PheromoneError(
      'INTERNAL',
      `app "${app.name}": expected a watch set of the app (0 to ${settledBy.length - 1}), got ${watchSet}`,
    );
  }
  return triggers;
}
