/** Runs of random apps on a simulated node, for tests of properties. */
import fc from 'fast-check';
import { type AppPlan, planApp, type TriggerPlan } from '../plan.ts';
import type { ObjectMeta } from '../trigger.ts';
import type { AppHistory, History } from './history.ts';
import { type Told, withoutRepetitions } from './models.ts';
import { any, apps, factoryFor, type Kind } from './random-apps.ts';
import { SimulatedHost } from './simulated-host.ts';
import { Tape } from './tape.ts';

/** Runs random invocations of several sessions at once, to their end. */
function simulate(app: AppPlan, decisions: readonly number[]): SimulatedHost {
  const triggers = app.buckets.flatMap(({ stateful, appStateful }) => [...stateful, ...appStateful]);
  const host = new SimulatedHost(
    app,
    new Map(triggers.map((trigger) => [trigger.definition.name, factoryFor(trigger)])),
    new Tape(decisions),
  );
  host.run();
  return host;
}

const schedules = fc.noBias(fc.array(fc.nat(1_000), { maxLength: 600, size: 'max' }));

/** Checks random runs of apps with a trigger of `first`. */
export function holds(check: (host: SimulatedHost, app: AppPlan) => void, first = any): void {
  fc.assert(
    fc.property(apps(first), schedules, (definition, decisions) => {
      const app = planApp(definition);
      check(simulate(app, decisions), app);
    }),
    { numRuns: 1_000, includeErrorInReport: true },
  );
}

/** The same for each session. */
export function holdsForSessions(check: (history: History, app: AppPlan) => void, first = any): void {
  const checkAll = ({ histories }: SimulatedHost, app: AppPlan) => {
    for (const history of histories.values()) check(history, app);
  };
  holds(checkAll, first);
}

/** The triggers whose starts can be told from those of all others: no other has the same bucket and target. */
export function distinctTriggers(app: AppPlan, scope: 'stateful' | 'appStateful', kinds: readonly Kind[]): TriggerPlan[] {
  return app.buckets.flatMap((bucket) => {
    return bucket[scope].filter((trigger) => {
      const twins = bucket[scope].filter(({ target }) => target === trigger.target);
      return twins.length === 1 && kinds.includes(trigger.definition.primitive);
    });
  });
}

/** The objects of a distinct trigger's firings. */
export function firingsOf(history: History | AppHistory, { target, definition }: TriggerPlan): (readonly ObjectMeta[])[] {
  const ofBucket = (objects: readonly ObjectMeta[]) => objects[0]?.bucket === definition.bucket;
  return history.effects.flatMap((effect) => {
    const isFiring = (effect.type === 'start' || effect.type === 'open') && effect.fn === target && ofBucket(effect.objects);
    return isFiring ? [effect.objects] : [];
  });
}

/** What a trigger is told of all that came. */
export function toldTo({ definition }: TriggerPlan, told: readonly Told[], app: AppPlan): Told[] {
  return once(
    told.filter(({ object, expected }) => (object ?? expected)?.bucket === definition.bucket),
    app,
  );
}

/** What came, without what sources of hints sent again. */
export function once(told: readonly Told[], { hints }: AppPlan): Told[] {
  return withoutRepetitions(
    told,
    hints.map(({ source }) => source),
  );
}

/** Whether something was still under way when the session ended. */
export function wasCutShort({ effects }: History): boolean {
  return effects.some(({ type }) => type === 'fail' || type === 'abort');
}
