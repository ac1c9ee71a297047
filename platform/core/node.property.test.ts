import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import type { FunctionDefinition, TriggerDefinition } from './app.ts';
import { type AppPlan, planApp, type TriggerPlan } from './plan.ts';
import { type History, isOver, SimulatedHost, Tape } from './testing/simulated-host.ts';
import type { ObjectMeta, TriggerFactory } from './trigger.ts';

const FUNCTIONS = ['f0', 'f1', 'f2', 'f3'];
const BUCKETS = ['b0', 'b1', 'b2'];

const primitive = fc.oneof(
  fc.constant({ primitive: 'immediate' as const }),
  fc.record({ primitive: fc.constant('by-name' as const), key: fc.constantFrom('a', 'b') }),
  fc.record({ primitive: fc.constant('by-set' as const), keys: fc.subarray(['a', 'b', 'c'], { minLength: 1 }) }),
  fc.record({ primitive: fc.constant('dynamic-group' as const), sources: fc.subarray(FUNCTIONS, { minLength: 1 }) }),
  fc.constant({ primitive: 'custom' as const, module: 'file:///m.ts', export: 'windowed' }),
);

const apps = fc
  .record({
    sends: fc.array(fc.option(fc.subarray(BUCKETS), { nil: undefined, freq: 4 }), {
      minLength: FUNCTIONS.length,
      maxLength: FUNCTIONS.length,
    }),
    triggers: fc.array(fc.tuple(fc.constantFrom(...BUCKETS), fc.constantFrom(...FUNCTIONS), primitive), { maxLength: 6 }),
  })
  .map(({ sends, triggers }) =>
    planApp({
      name: 'x',
      functions: FUNCTIONS.map((name, index): FunctionDefinition => {
        const buckets = sends[index];
        return { name, module: 'file:///m.ts', export: name, ...(buckets && { sends: buckets }) };
      }),
      buckets: BUCKETS.map((name) => ({ name })),
      triggers: triggers.map(([bucket, target, rest], index): TriggerDefinition => ({ name: `t${index}`, bucket, target, ...rest })),
    }),
  );

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

/** Runs random invocations of several sessions at once, to their end. */
function simulate(app: AppPlan, decisions: readonly number[]): SimulatedHost {
  const factories = new Map(app.buckets.flatMap(({ stateful }) => stateful.map(({ definition }) => [definition.name, windowed] as const)));
  const host = new SimulatedHost(app, factories, new Tape(decisions));
  host.run();
  return host;
}

const schedules = fc.array(fc.nat(1_000), { maxLength: 600, size: 'max' });

function holds(check: (history: History, app: AppPlan) => void): void {
  fc.assert(
    fc.property(apps, schedules, (app, decisions) => {
      for (const history of simulate(app, decisions).histories.values()) check(history, app);
    }),
    { numRuns: 300 },
  );
}

function firingsOf({ effects }: History, trigger: TriggerPlan): (readonly ObjectMeta[])[] {
  const { bucket } = trigger.definition;
  return effects.flatMap((effect) => {
    return effect.type === 'start' && effect.fn === trigger.target && effect.objects[0]?.bucket === bucket ? [effect.objects] : [];
  });
}

/** The triggers whose starts can be told from those of all others: no other has the same bucket and target. */
function distinctTriggers(app: AppPlan, kind: TriggerDefinition['primitive']): TriggerPlan[] {
  return app.buckets.flatMap(({ stateful }) => {
    return stateful.filter((trigger) => {
      return trigger.definition.primitive === kind && !stateful.some((other) => other !== trigger && other.target === trigger.target);
    });
  });
}

test('every session gets one answer or one failure, and one release as its last effect', (t) => {
  holds(({ effects }) => {
    const types = effects.map(({ type }) => type).filter((type) => type !== 'start');
    assert.match(types.join(' '), /^(answer|fail)( abort)? release$/);
  });
  t.pass();
});

test('no state is left when all sessions are released', (t) => {
  fc.assert(
    fc.property(apps, schedules, (app, decisions) => {
      const { core } = simulate(app, decisions);
      assert.equal(core.sessions, 0);
      assert.equal(core.dueMs(), undefined);
    }),
  );
  t.pass();
});

test("'first' answers with the first output, 'all' with all of them in order of arrival", (t) => {
  holds(({ request, outputs, effects }) => {
    const answer = effects.find(({ type }) => type === 'answer');
    if (answer?.type !== 'answer') return;
    assert.deepEqual(answer.outputs, request.answer === 'first' ? outputs.slice(0, 1) : outputs);
  });
  t.pass();
});

test('BySet (table 1) fires as the whole history of its session says', (t) => {
  const expected = (keys: readonly string[], objects: readonly ObjectMeta[]): (readonly ObjectMeta[])[] => {
    const found = keys.map((key) => objects.findIndex((object) => object.key === key));
    if (found.includes(-1)) return [];
    return [found.map((index) => objects[index]!), ...expected(keys, objects.slice(Math.max(...found) + 1))];
  };
  holds((history, app) => {
    for (const trigger of distinctTriggers(app, 'by-set')) {
      const { definition } = trigger;
      const objects = history.objects.filter(({ bucket }) => bucket === definition.bucket);
      const all = 'keys' in definition ? expected(definition.keys, objects) : [];
      const fired = firingsOf(history, trigger);
      // A session that failed stops somewhere on the way.
      assert.deepEqual(fired, history.effects.some(({ type }) => type === 'fail' || type === 'abort') ? all.slice(0, fired.length) : all);
    }
  });
  t.pass();
});

test('DynamicGroup (table 1) fires with every object once, each firing with one group in order of arrival', (t) => {
  holds((history, app) => {
    for (const trigger of distinctTriggers(app, 'dynamic-group')) {
      const fired = firingsOf(history, trigger);
      const sent = history.objects.filter(({ bucket }) => bucket === trigger.definition.bucket);
      for (const objects of fired) {
        assert.equal(new Set(objects.map(({ group }) => group)).size, 1);
        assert.deepEqual(
          objects,
          sent.filter((object) => objects.includes(object)),
        );
      }
      const used = fired.flat();
      assert.equal(new Set(used).size, used.length);
      if (isOver(history) && !history.effects.some(({ type }) => type === 'fail' || type === 'abort'))
        assert.equal(used.length, sent.length);
    }
  });
  t.pass();
});
