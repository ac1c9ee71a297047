/** Random apps, their custom triggers included, for tests of properties. */
import fc from 'fast-check';
import type { AppDefinition, FunctionDefinition, Primitive, RerunHint, Scope, TriggerDefinition } from '../app.ts';
import type { TriggerPlan } from '../plan.ts';
import type { ObjectMeta, StartedSource, TriggerFactory } from '../trigger.ts';

const FUNCTIONS = ['f0', 'f1', 'f2', 'f3'];
const BUCKETS = ['b0', 'b1', 'b2'];

export type Kind = Primitive['primitive'];
/** A trigger without its place. */
export type Scoped = Primitive & { readonly scope: Scope; readonly rerun?: readonly RerunHint[] };

const SOURCES = fc.subarray(FUNCTIONS, { minLength: 1 });
const OWN = { primitive: 'custom', module: 'file:///m.ts', export: 'own' } as const;
/** How often a trigger has sources run again that never gives up. */
const UNLIMITED = 1_000_000;
/** Custom triggers that have sources run again. */
const OBSERVING = fc.record({ config: fc.constantFrom(1, 3, UNLIMITED), sources: SOURCES }).map((more) => ({ ...OWN, ...more }));
const PRIMITIVES: Readonly<Record<Kind, fc.Arbitrary<Primitive>>> = {
  immediate: fc.constant({ primitive: 'immediate' }),
  'by-name': fc.record({ primitive: fc.constant('by-name'), key: fc.constantFrom('a', 'b') }),
  'by-set': fc.record({ primitive: fc.constant('by-set'), keys: fc.subarray(['a', 'b', 'c'], { minLength: 1 }) }),
  'by-batch-size': fc.record({ primitive: fc.constant('by-batch-size'), size: fc.integer({ min: 1, max: 4 }) }),
  'by-time': fc.record({ primitive: fc.constant('by-time'), windowMs: fc.integer({ min: 1, max: 15 }) }),
  redundant: fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 2 }))
    .map(([k, spare]) => ({ primitive: 'redundant', k, n: k + spare })),
  'dynamic-join': fc.constant({ primitive: 'dynamic-join' }),
  'dynamic-group': fc.record({ primitive: fc.constant('dynamic-group'), sources: SOURCES }),
  custom: fc.oneof(fc.constant(OWN), OBSERVING),
};
/** The primitives that can have scope `app`. */
export const IN_APPS: readonly Kind[] = ['immediate', 'by-name', 'by-set', 'by-batch-size', 'by-time', 'redundant'];

/** Triggers of some primitives. */
export function scoped(kinds: readonly Kind[], scope: Scope): fc.Arbitrary<Scoped> {
  return fc.oneof(...kinds.map((kind) => PRIMITIVES[kind])).map((primitive) => ({ ...primitive, scope }));
}

const hint: fc.Arbitrary<RerunHint> = fc
  .record({ source: fc.constantFrom(...FUNCTIONS), key: fc.constantFrom('a', undefined, undefined), timeoutMs: fc.constantFrom(8, 30) })
  .map(({ key, ...rest }) => (key === undefined ? rest : { ...rest, key }));
const hints = fc.uniqueArray(hint, { minLength: 1, maxLength: 2, selector: ({ source }) => source });

/** The same with hints, as far as their sources may send to the bucket. */
export function hinted(triggers: fc.Arbitrary<Scoped>): fc.Arbitrary<Scoped> {
  return fc.tuple(triggers, hints).map(([trigger, rerun]) => ({ ...trigger, rerun }));
}

export const plainOfSessions = scoped(Object.keys(PRIMITIVES) as Kind[], 'session');
const anyOfSessions = fc.oneof({ weight: 7, arbitrary: plainOfSessions }, { weight: 1, arbitrary: hinted(plainOfSessions) });
const ownOfApps = fc.constant<Scoped>({ ...OWN, scope: 'app' });
export const any = fc.oneof(
  { weight: 12, arbitrary: anyOfSessions },
  { weight: 5, arbitrary: scoped(IN_APPS, 'app') },
  { weight: 1, arbitrary: ownOfApps },
);
/** Custom triggers that have silent sources run again. */
export const observing = OBSERVING.map((primitive): Scoped => ({ ...primitive, scope: 'session' }));

/** Random apps with any triggers and one of `first`. */
export function apps(first: fc.Arbitrary<Scoped>): fc.Arbitrary<AppDefinition> {
  const sends = fc.option(fc.subarray(BUCKETS), { nil: undefined, freq: 4 });
  const place = fc.tuple(fc.constantFrom(...BUCKETS), fc.constantFrom(...FUNCTIONS));
  return fc
    .record({
      sent: fc.array(sends, { minLength: FUNCTIONS.length, maxLength: FUNCTIONS.length }),
      first: fc.tuple(place, first),
      others: fc.array(fc.tuple(place, any), { maxLength: 4 }),
    })
    .map(({ sent, first, others }) => ({
      name: 'x',
      functions: FUNCTIONS.map((name, index): FunctionDefinition => {
        const buckets = sent[index];
        return { name, module: 'file:///m.ts', export: name, ...(buckets && { sends: buckets }) };
      }),
      buckets: BUCKETS.map((name) => ({ name })),
      triggers: [first, ...others].map(([[bucket, target], { rerun, ...rest }], index): TriggerDefinition => {
        const possible = rerun?.filter(({ source }) => sent[FUNCTIONS.indexOf(source)]?.includes(bucket) ?? true) ?? [];
        return { name: `t${index}`, bucket, target, ...rest, ...(possible.length > 0 && { rerun: possible }) };
      }),
    }));
}

/** A window: 10 ms after the first object that gathered, fires with all that did; on an object with key 'c' in group 'y' throws. */
const windowed: TriggerFactory = () => {
  let objects: ObjectMeta[] = [];
  let dueMs: number | undefined;
  return {
    onObject(object, nowMs) {
      if (object.key === 'c' && object.group === 'y') throw new Error('thrown by the trigger');
      dueMs ??= nowMs + 10;
      objects.push(object);
      return [];
    },
    onTime() {
      const firing = { objects };
      objects = [];
      dueMs = undefined;
      return [firing];
    },
    dueMs: () => dueMs,
  };
};

/** Has invocations that are not followed by an object within 10 ms run again, as often as its config says. */
const impatient: TriggerFactory = ({ config }) => {
  let left = config as number;
  let waiting: (StartedSource & { readonly dueMs: number })[] = [];
  return {
    onSourceStarted(source, nowMs) {
      waiting.push({ ...source, dueMs: nowMs + 10 });
    },
    onObject(object) {
      waiting.shift();
      return object.key === 'a' ? [{ objects: [object] }] : [];
    },
    overdue(nowMs) {
      const late = waiting.filter(({ dueMs }) => dueMs <= nowMs).slice(0, left);
      waiting = waiting.filter(({ dueMs }) => dueMs > nowMs);
      left -= late.length;
      return late;
    },
    dueMs: () => waiting[0]?.dueMs,
  };
};

/** What a custom trigger of such an app does. */
export function factoryFor({ definition }: TriggerPlan): TriggerFactory {
  return 'sources' in definition ? impatient : windowed;
}
