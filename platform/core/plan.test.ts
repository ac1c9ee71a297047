import test from 'ava';
import fc from 'fast-check';
import type { AppDefinition, FunctionDefinition, TriggerDefinition } from './app.ts';
import { PheromoneError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { planApp } from './plan.ts';

function fn(name: string, rest: Partial<FunctionDefinition> = {}): FunctionDefinition {
  return { name, module: 'file:///m.ts', export: name, ...rest };
}

function app(rest: Partial<AppDefinition> = {}): AppDefinition {
  return { name: 'x', functions: [fn('f'), fn('g')], buckets: [{ name: 'a' }, { name: 'b' }], triggers: [], ...rest };
}

const trigger = { name: 't', bucket: 'a', target: 'g' } as const;
const immediate: TriggerDefinition = { ...trigger, primitive: 'immediate' };

function withTrigger(rest: object): AppDefinition {
  return app({ triggers: [{ ...immediate, ...rest } as TriggerDefinition] });
}

const FAULTS: readonly (readonly [string, AppDefinition, string])[] = [
  ['a name that is empty', app({ name: '' }), 'app: expected a name of 1 to 128 characters, got ""'],
  ['a name that is no string', app({ name: 7 as never }), 'app: expected a name of 1 to 128 characters, got 7'],
  ['no function', app({ functions: [] }), 'app "x": expected at least one function, got none'],
  ['functions that are no list', app({ functions: {} as never }), 'app "x": expected functions to be a list, got an object'],
  ['too many buckets', app({ buckets: new Array(LIMITS.bucketsPerApp + 1) }), 'app "x": expected at most 10000 buckets, got 10001'],
  ['two functions of one name', app({ functions: [fn('f'), fn('f')] }), 'app "x": expected function names to be unique, got "f" twice'],
  [
    'two buckets of one name',
    app({ buckets: [{ name: 'a' }, { name: 'a' }] }),
    'app "x": expected bucket names to be unique, got "a" twice',
  ],
  ['two triggers of one name', app({ triggers: [immediate, immediate] }), 'app "x": expected trigger names to be unique, got "t" twice'],
  [
    'a function that is missing',
    app({ functions: [null as never] }),
    'app "x": function 1 of 1: expected a name of 1 to 128 characters, got nothing',
  ],
  [
    'a name that is too long',
    app({ buckets: [{ name: 'n'.repeat(129) }] }),
    `app "x": bucket 1 of 1: expected a name of 1 to 128 characters, got "${'n'.repeat(80)}..."`,
  ],
  [
    'a module that is empty',
    app({ functions: [fn('f', { module: '' })] }),
    'app "x": function "f": expected module to be a non-empty string, got ""',
  ],
  [
    'a timeout of 0',
    app({ functions: [fn('f', { timeoutMs: 0 })] }),
    'app "x": function "f": expected timeoutMs to be a number above 0 and up to 2147483647, got 0',
  ],
  [
    'a concurrency of 0',
    app({ functions: [fn('f', { concurrency: 0 })] }),
    'app "x": function "f": expected concurrency to be a whole number of at least 1, got 0',
  ],
  [
    'a broken concurrency',
    app({ functions: [fn('f', { concurrency: 1.5 })] }),
    'app "x": function "f": expected concurrency to be a whole number of at least 1, got 1.5',
  ],
  [
    'sends that name an unknown bucket',
    app({ functions: [fn('f', { sends: ['c'] })] }),
    'app "x": function "f": expected a bucket of the app (a, b), got "c"',
  ],
  [
    'sends that name a bucket twice',
    app({ functions: [fn('f', { sends: ['a', 'a'] })] }),
    'app "x": function "f": expected sends to be unique, got "a" twice',
  ],
  ['inline that is no boolean', app({ inline: 1 as never }), 'app "x": expected inline to be a boolean, got 1'],
  ['a trigger on an unknown bucket', withTrigger({ bucket: 'c' }), 'app "x": trigger "t": expected a bucket of the app (a, b), got "c"'],
  [
    'a trigger with an unknown target',
    withTrigger({ target: 'h' }),
    'app "x": trigger "t": expected a function of the app (f, g), got "h"',
  ],
  [
    'an unknown primitive',
    withTrigger({ primitive: 'sometimes' }),
    'app "x": trigger "t": expected a primitive (immediate, by-name, by-set, by-batch-size, by-time, redundant, dynamic-join, dynamic-group, custom), got "sometimes"',
  ],
  ['an unknown scope', withTrigger({ scope: 'world' }), 'app "x": trigger "t": expected scope to be "session" or "app", got "world"'],
  [
    'a DynamicGroup of scope app',
    withTrigger({ scope: 'app', primitive: 'dynamic-group', sources: ['f'] }),
    'app "x": trigger "t": expected scope "session", since the sources of a dynamic-group belong to one, got "app"',
  ],
  [
    'a DynamicJoin of scope app',
    withTrigger({ scope: 'app', primitive: 'dynamic-join' }),
    'app "x": trigger "t": expected scope "session", since the declarations of a dynamic-join belong to one, got "app"',
  ],
  [
    'ByBatchSize with a broken size',
    withTrigger({ primitive: 'by-batch-size', size: 1.5 }),
    'app "x": trigger "t": expected size to be a whole number from 1 up, got 1.5',
  ],
  [
    'ByBatchSize of scope app with a size that can never gather',
    withTrigger({ scope: 'app', primitive: 'by-batch-size', size: LIMITS.objectsPerAppTrigger + 1 }),
    'app "x": trigger "t": expected size to be a whole number from 1 to 1000000, got 1000001',
  ],
  [
    'ByTime with a window of no length',
    withTrigger({ primitive: 'by-time', windowMs: 0 }),
    'app "x": trigger "t": expected windowMs to be a number from 0.001 to 2147483647, got 0',
  ],
  [
    'ByTime with a window that is no number',
    withTrigger({ primitive: 'by-time', windowMs: '10' }),
    'app "x": trigger "t": expected windowMs to be a number from 0.001 to 2147483647, got "10"',
  ],
  [
    'Redundant with more to wait for than come',
    withTrigger({ primitive: 'redundant', k: 4, n: 3 }),
    'app "x": trigger "t": expected k to be a whole number from 1 to 3, got 4',
  ],
  [
    'Redundant without n',
    withTrigger({ primitive: 'redundant', k: 1 }),
    'app "x": trigger "t": expected n to be a whole number from 1 up, got nothing',
  ],
  [
    'ByName without a key',
    withTrigger({ primitive: 'by-name' }),
    'app "x": trigger "t": expected a key of at most 1024 bytes, got nothing',
  ],
  [
    'ByName with a key that is too long',
    withTrigger({ primitive: 'by-name', key: 'ä'.repeat(513) }),
    `app "x": trigger "t": expected a key of at most 1024 bytes, got "${'ä'.repeat(80)}..."`,
  ],
  [
    'BySet without keys',
    withTrigger({ primitive: 'by-set', keys: [] }),
    'app "x": trigger "t": expected keys to be a list of at least one, got a list of 0',
  ],
  [
    'BySet with a key twice',
    withTrigger({ primitive: 'by-set', keys: ['k', 'k'] }),
    'app "x": trigger "t": expected keys to be unique, got "k" twice',
  ],
  [
    'DynamicGroup without sources',
    withTrigger({ primitive: 'dynamic-group' }),
    'app "x": trigger "t": expected sources to be a list of at least one, got nothing',
  ],
  [
    'DynamicGroup with an unknown source',
    withTrigger({ primitive: 'dynamic-group', sources: ['h'] }),
    'app "x": trigger "t": expected a function of the app (f, g), got "h"',
  ],
  [
    'a custom trigger without a module',
    withTrigger({ primitive: 'custom', export: 'e' }),
    'app "x": trigger "t": expected module to be a non-empty string, got nothing',
  ],
];

for (const [fault, definition, message] of FAULTS) {
  test(`an app with ${fault} is refused, with what was expected, what came and where`, (t) => {
    const error = t.throws(() => planApp(definition), { instanceOf: PheromoneError });
    t.is(error.code, 'INVALID_APP');
    t.is(error.message, message);
  });
}

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
      { name: 'join', scope: 'session', target: 0, watchSet: undefined },
      { name: 'own', scope: 'session', target: 1, watchSet: 0 },
    ],
  );
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
          let closure = 'sources' in definition ? names.filter((name) => definition.sources.includes(name)) : [];
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
