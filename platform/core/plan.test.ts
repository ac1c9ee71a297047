import test from 'ava';
import fc from 'fast-check';
import type { AppDefinition, FunctionDefinition, TriggerDefinition } from './app.ts';
import { PheromoneError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { planApp } from './plan.ts';
import { app, custom, fn, trigger } from './testing/definitions.ts';

const immediate: TriggerDefinition = { ...trigger, primitive: 'immediate' };

test('a plan resolves names, fills in defaults and sorts triggers by who decides them', (t) => {
  const plan = planApp(
    app({
      functions: [fn('f', { sends: ['b'] }), fn('g', { timeoutMs: 5, concurrency: 3 })],
      triggers: [
        immediate,
        { name: 'left', bucket: 'a', target: 'f', primitive: 'by-name', key: 'k' },
        { name: 'right', bucket: 'a', target: 'g', primitive: 'by-name', key: 'k' },
        { name: 'join', bucket: 'b', target: 'f', primitive: 'by-set', keys: ['k'] },
        { name: 'own', bucket: 'b', target: 'g', primitive: 'custom', module: 'm', export: 'e' },
        { name: 'every', bucket: 'a', target: 'f', primitive: 'immediate', scope: 'app' },
      ],
    }),
  );
  const [f, g] = plan.functions;
  t.like(f, { index: 0, timeoutMs: LIMITS.functionTimeoutMs, concurrency: 1, sends: new Set([1]), watchSets: [0] });
  t.like(g, { index: 1, timeoutMs: 5, concurrency: 3, watchSets: [0] });
  t.is(g!.sends, undefined);
  t.is(plan.inline, true);
  t.is(plan.bucketIndex.get('b'), 1);
  t.is(plan.functionIndex.get('g'), 1);
  const [a, b] = plan.buckets;
  t.like(a, { index: 0, name: 'a', immediate: [1], byName: new Map([['k', [0, 1]]]), stateful: [], expects: false });
  t.like(b, { immediate: [], appStateful: [], expects: true });
  t.like(a?.appStateful[0], { definition: { name: 'every' }, scope: 'app', target: 0, watchSet: undefined });
  t.deepEqual(
    b!.stateful.map(({ definition, ...rest }) => ({ name: definition.name, ...rest })),
    [
      { name: 'join', scope: 'session', target: 0, watchSet: undefined, observes: [] },
      { name: 'own', scope: 'session', target: 1, watchSet: 0, observes: [] },
    ],
  );
});

const HINTED: AppDefinition = app({
  functions: [fn('f'), fn('g'), fn('h')],
  triggers: [
    { ...immediate, rerun: [{ source: 'f', timeoutMs: 5 }] },
    { name: 'by', bucket: 'a', target: 'h', primitive: 'by-name', key: 'k' },
    { name: 'free', bucket: 'b', target: 'h', primitive: 'immediate', rerun: [{ source: 'g', key: 'k', timeoutMs: 7 }] },
  ],
});

test('the scheduler decides all triggers of a bucket with hints, and is told when a source of them starts', (t) => {
  const plan = planApp(HINTED);
  t.deepEqual(plan.hints, [
    { bucket: 'a', source: 'f', key: undefined, timeoutMs: 5 },
    { bucket: 'b', source: 'g', key: 'k', timeoutMs: 7 },
  ]);
  t.deepEqual(
    plan.functions.map(({ observed }) => observed),
    [true, true, false],
  );
  t.like(plan.buckets[0], { immediate: [], byName: new Map() });
  t.deepEqual(
    plan.buckets[0]!.stateful.map(({ definition }) => definition.name),
    ['t', 'by'],
  );
});

test('hints count with recovery of level function alone: with any other the sending threads decide as ever', (t) => {
  for (const level of ['workflow', 'off'] as const) {
    const plan = planApp({ ...HINTED, recovery: { level } });
    t.deepEqual(plan.hints, []);
    t.false(plan.functions.some(({ observed }) => observed));
    t.like(plan.buckets[0], { immediate: [1], byName: new Map([['k', [2]]]), stateful: [] });
  }
});

test('the attempts of a recovery are its own or those of the limits, and one where nothing runs again', (t) => {
  t.deepEqual(planApp(app()).recovery, { level: 'function', attempts: LIMITS.attempts, timeoutMs: undefined });
  t.like(planApp(app({ recovery: { level: 'workflow', attempts: 5, timeoutMs: 9 } })).recovery, { attempts: 5, timeoutMs: 9 });
  t.is(planApp(app({ recovery: { level: 'off' } })).recovery.attempts, 1);
});

/** A word count with a shuffle of its own after it: entry -> map -> (group) reduce -> (group) sum. */
function shuffles(sends: boolean): AppDefinition {
  const to = (bucket: string): Partial<FunctionDefinition> => (sends ? { sends: [bucket] } : {});
  return app({
    functions: [fn('entry', to('parts')), fn('map', to('words')), fn('reduce', to('counts')), fn('sum', sends ? { sends: [] } : {})],
    buckets: ['parts', 'words', 'counts'].map((name) => ({ name })),
    triggers: [
      { name: 'each', bucket: 'parts', target: 'map', primitive: 'immediate' },
      { name: 'shuffle', bucket: 'words', target: 'reduce', primitive: 'dynamic-group', sources: ['map'] },
      { name: 'total', bucket: 'counts', target: 'sum', primitive: 'dynamic-group', sources: ['reduce'] },
    ],
  });
}

test('a DynamicGroup waits for its sources and for all functions that can still start one', (t) => {
  const plan = planApp(shuffles(true));
  t.deepEqual(plan.watchSets, [new Set([0, 1, 2, 3]), new Set([1, 0]), new Set([2, 1, 0])]);
  t.deepEqual(
    plan.functions.map((each) => each.watchSets),
    [[0, 1, 2], [0, 1, 2], [0, 2], [0]],
  );
});

test('a custom trigger that names sources observes them, and waits for them as a DynamicGroup does', (t) => {
  const definition = shuffles(true);
  const [each, , total] = definition.triggers as [TriggerDefinition, TriggerDefinition, TriggerDefinition];
  const own: TriggerDefinition = { ...custom, name: 'shuffle', bucket: 'words', target: 'reduce', sources: ['map'] };
  const plan = planApp({ ...definition, triggers: [each, own, total] });
  t.deepEqual(plan.watchSets, planApp(definition).watchSets);
  t.like(plan.buckets[1]!.stateful[0], { watchSet: 1, observes: ['map'] });
  t.deepEqual(
    plan.functions.map(({ observed }) => observed),
    [false, true, false, false],
  );
});

test('where any function may send anywhere, a DynamicGroup waits for all functions', (t) => {
  const plan = planApp(shuffles(false));
  t.is(plan.watchSets.length, 1);
  t.is(plan.buckets[1]!.stateful[0]!.watchSet, 0);
});

test('the sources of a DynamicGroup count as able to start its target, wherever they send', (t) => {
  const definition = shuffles(true);
  const slow = fn('slow', { sends: [] });
  const [each, shuffle, total] = definition.triggers as [TriggerDefinition, TriggerDefinition, TriggerDefinition];
  const plan = planApp({
    ...definition,
    functions: [...definition.functions, slow],
    triggers: [each, { ...shuffle, sources: ['map', 'slow'] } as TriggerDefinition, total],
  });
  t.true(plan.watchSets[plan.buckets[2]!.stateful[0]!.watchSet!]!.has(4));
});

test('a trigger of scope app starts nothing in the session that its objects come from, and makes no DynamicGroup of it wait', (t) => {
  const definition = shuffles(true);
  const [each, shuffle, total] = definition.triggers as [TriggerDefinition, TriggerDefinition, TriggerDefinition];
  const plan = planApp({ ...definition, triggers: [{ ...each, scope: 'app' }, shuffle, total] });
  t.deepEqual(plan.watchSets[plan.buckets[1]!.stateful[0]!.watchSet!], new Set([1]));
});

test('an app whose triggers wait for too many different sets of functions is refused', (t) => {
  const count = LIMITS.watchSetsPerApp + 1;
  const functions = Array.from({ length: count + 1 }, (_, index) => fn(`f${index}`, { sends: [] }));
  const triggers = functions
    .slice(1)
    .map(({ name }): TriggerDefinition => ({ name, bucket: 'a', target: 'f0', primitive: 'dynamic-group', sources: [name] }));
  t.is(planApp(app({ functions, triggers: triggers.slice(1) })).watchSets.length, count);
  const error = t.throws(() => planApp(app({ functions, triggers })), { instanceOf: PheromoneError });
  t.is(error.message, 'app "x": trigger "f16": expected triggers to wait for at most 15 different sets of functions, got one more');
});

test('watch sets hold exactly the functions from which a source can be reached, as a plain closure finds', (t) => {
  const names = ['f0', 'f1', 'f2', 'f3', 'f4'];
  const buckets = ['b0', 'b1', 'b2', 'b3'];
  const sends = fc.option(fc.subarray(buckets), { nil: undefined, freq: 5 });
  const wiring = fc.record({
    bucket: fc.constantFrom(...buckets),
    target: fc.constantFrom(...names),
    sources: fc.option(fc.subarray(names, { minLength: 1 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(sends, { minLength: 5, maxLength: 5 }), fc.array(wiring, { maxLength: 6 }), (sent, wired) => {
      const triggers = wired.map(({ bucket, target, sources }, index): TriggerDefinition => {
        const common = { name: `t${index}`, bucket, target };
        return sources === undefined ? { ...common, primitive: 'immediate' } : { ...common, primitive: 'dynamic-group', sources };
      });
      const functions = names.map((name, index) => fn(name, sent[index] === undefined ? {} : { sends: sent[index] }));
      const plan = planApp(app({ functions, buckets: buckets.map((name) => ({ name })), triggers }));
      const starts = (from: number, to: string) =>
        wired.some((each) => each.target === to && ((sent[from]?.includes(each.bucket) ?? true) || each.sources?.includes(names[from]!)));
      for (const bucket of plan.buckets) {
        for (const { definition, watchSet } of bucket.stateful) {
          let closure = 'sources' in definition ? names.filter((name) => definition.sources?.includes(name)) : [];
          for (const _ of names) closure = names.filter((name, from) => closure.includes(name) || closure.some((to) => starts(from, to)));
          const watched = plan.watchSets[watchSet!]!;
          t.deepEqual(
            names.filter((_, index) => watched.has(index)),
            closure,
          );
        }
      }
    }),
  );
});
