import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import type { AppDefinition, FunctionDefinition, Primitive, Scope, TriggerDefinition } from './app.ts';
import { LIMITS } from './limits.ts';
import { type AppPlan, planApp, type TriggerPlan } from './plan.ts';
import { outcomeOf, type Told } from './testing/models.ts';
import { type AppHistory, type History, isOver, SimulatedHost } from './testing/simulated-host.ts';
import { Tape } from './testing/tape.ts';
import type { ObjectMeta, StartedSource, TriggerFactory } from './trigger.ts';

const FUNCTIONS = ['f0', 'f1', 'f2', 'f3'];
const BUCKETS = ['b0', 'b1', 'b2'];

type Kind = Primitive['primitive'];
type Scoped = Primitive & { readonly scope: Scope };

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
const IN_APPS: readonly Kind[] = ['immediate', 'by-name', 'by-set', 'by-batch-size', 'by-time', 'redundant'];

function scoped(kinds: readonly Kind[], scope: Scope): fc.Arbitrary<Scoped> {
  return fc.oneof(...kinds.map((kind) => PRIMITIVES[kind])).map((primitive) => ({ ...primitive, scope }));
}

const anyOfSessions = scoped(Object.keys(PRIMITIVES) as Kind[], 'session');
const ownOfApps = fc.constant<Scoped>({ ...OWN, scope: 'app' });
const any = fc.oneof(
  { weight: 12, arbitrary: anyOfSessions },
  { weight: 5, arbitrary: scoped(IN_APPS, 'app') },
  { weight: 1, arbitrary: ownOfApps },
);
const observing = OBSERVING.map((primitive): Scoped => ({ ...primitive, scope: 'session' }));

/** Random apps with any triggers and one of `first`. */
function apps(first: fc.Arbitrary<Scoped>): fc.Arbitrary<AppDefinition> {
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
      triggers: [first, ...others].map(([[bucket, target], rest], index): TriggerDefinition => {
        return { name: `t${index}`, bucket, target, ...rest };
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

function factoryFor({ definition }: TriggerPlan): TriggerFactory {
  return 'sources' in definition ? impatient : windowed;
}

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
function holds(check: (host: SimulatedHost, app: AppPlan) => void, first = any): void {
  fc.assert(
    fc.property(apps(first), schedules, (definition, decisions) => {
      const app = planApp(definition);
      check(simulate(app, decisions), app);
    }),
    { numRuns: 1_000, includeErrorInReport: true },
  );
}

function holdsForSessions(check: (history: History, app: AppPlan) => void, first = any): void {
  const checkAll = ({ histories }: SimulatedHost, app: AppPlan) => {
    for (const history of histories.values()) check(history, app);
  };
  holds(checkAll, first);
}

/** The triggers whose starts can be told from those of all others: no other has the same bucket and target. */
function distinctTriggers(app: AppPlan, scope: 'stateful' | 'appStateful', kinds: readonly Kind[]): TriggerPlan[] {
  return app.buckets.flatMap((bucket) => {
    return bucket[scope].filter((trigger) => {
      const twins = bucket[scope].filter(({ target }) => target === trigger.target);
      return twins.length === 1 && kinds.includes(trigger.definition.primitive);
    });
  });
}

function firingsOf(history: History | AppHistory, { target, definition }: TriggerPlan): (readonly ObjectMeta[])[] {
  const ofBucket = (objects: readonly ObjectMeta[]) => objects[0]?.bucket === definition.bucket;
  return history.effects.flatMap((effect) => {
    const isFiring = (effect.type === 'start' || effect.type === 'open') && effect.fn === target && ofBucket(effect.objects);
    return isFiring ? [effect.objects] : [];
  });
}

function toldTo({ definition }: TriggerPlan, told: readonly Told[]): Told[] {
  return told.filter(({ object, expected }) => (object ?? expected)?.bucket === definition.bucket);
}

function wasCutShort({ effects }: History): boolean {
  return effects.some(({ type }) => type === 'fail' || type === 'abort');
}

test('every session gets one answer or one failure, and one release as its last effect', (t) => {
  holdsForSessions(({ effects }) => {
    const types = effects.map(({ type }) => type).filter((type) => type !== 'start' && type !== 'rerun');
    assert.match(types.join(' '), /^(answer|fail)( abort)? release$/);
  });
  t.pass();
});

test('no state is left when all sessions are released', (t) => {
  holds(({ core }) => {
    assert.equal(core.sessions, 0);
    assert.equal(core.dueMs(), undefined);
  });
  t.pass();
});

test("'first' answers with the first output, 'all' with all of them in order of arrival", (t) => {
  holdsForSessions(({ request, outputs, effects }) => {
    const answer = effects.find(({ type }) => type === 'answer');
    if (answer?.type !== 'answer') return;
    assert.deepEqual(answer.outputs, request.answer === 'first' ? outputs.slice(0, 1) : outputs);
  });
  t.pass();
});

for (const kind of ['by-set', 'by-batch-size', 'by-time', 'redundant', 'dynamic-join'] as const) {
  test(`${kind} (table 1) in scope session fires as the whole history of its session says`, (t) => {
    let compared = 0;
    const check = (history: History, app: AppPlan) => {
      for (const trigger of distinctTriggers(app, 'stateful', [kind])) {
        const { firings } = outcomeOf(trigger.definition, toldTo(trigger, history.told), history.openedMs);
        // Whose start has no objects cannot be told.
        const all = firings.filter(({ length }) => length > 0);
        const fired = firingsOf(history, trigger);
        // A session that failed stops somewhere on the way.
        assert.deepEqual(fired, wasCutShort(history) ? all.slice(0, fired.length) : all);
        compared += fired.length;
      }
    };
    holdsForSessions(check, scoped([kind], 'session'));
    t.true(compared > 0);
  });
}

for (const kind of IN_APPS) {
  test(`${kind} (table 1) in scope app opens sessions as the history of all sessions together says`, (t) => {
    let compared = 0;
    const check = ({ appHistory }: SimulatedHost, app: AppPlan) => {
      for (const trigger of distinctTriggers(app, 'appStateful', [kind])) {
        const fired = firingsOf(appHistory, trigger);
        assert.deepEqual(fired, outcomeOf(trigger.definition, toldTo(trigger, appHistory.told), 0).firings);
        compared += fired.length;
      }
    };
    holds(check, scoped([kind], 'app'));
    t.true(compared > 0);
  });
}

test('a copy is kept while a trigger of scope app may still fire with it, and no longer; none outlives its app', (t) => {
  holds((host, app) => {
    const { told, copies } = host.appHistory;
    const waiting = app.buckets.flatMap(({ appStateful }) => {
      // What custom triggers hold is nobody else's to know; these have let go of everything when their time has passed.
      const known = appStateful.filter(({ definition }) => definition.primitive !== 'custom');
      return known.flatMap((trigger) => outcomeOf(trigger.definition, toldTo(trigger, told), 0).waiting);
    });
    assert.deepEqual(copies, new Set(waiting.map(({ ref }) => ref)));
    host.removeApp();
    assert.equal(copies.size, 0);
  });
  t.pass();
});

test('DynamicGroup (table 1) fires with every object once, each firing with one group in order of arrival', (t) => {
  holdsForSessions((history, app) => {
    for (const trigger of distinctTriggers(app, 'stateful', ['dynamic-group'])) {
      const fired = firingsOf(history, trigger);
      const sent = toldTo(trigger, history.told).flatMap(({ object }) => object ?? []);
      for (const objects of fired) {
        assert.equal(new Set(objects.map(({ group }) => group)).size, 1);
        assert.deepEqual(
          objects,
          sent.filter((object) => objects.includes(object)),
        );
      }
      const used = fired.flat();
      assert.equal(new Set(used).size, used.length);
      if (isOver(history) && !wasCutShort(history)) assert.equal(used.length, sent.length);
    }
  });
  t.pass();
});

test('sources run again in any interleaving: each invocation that was told, up to the limit, and the session still ends', (t) => {
  const codes = new Set<string>();
  let reruns = 0;
  holdsForSessions(({ effects }) => {
    const ofSession = effects.filter(({ type }) => type === 'rerun').length;
    assert.ok(ofSession <= LIMITS.rerunsPerSession);
    reruns += ofSession;
    const end = effects.find(({ type }) => type === 'answer' || type === 'fail');
    codes.add(end?.type === 'fail' ? end.code : 'ANSWER');
  }, observing);
  t.true(reruns > 0);
  t.true(codes.has('ANSWER') && codes.has('TOO_MANY_RERUNS'));
});
