import test from 'ava';
import type { AppDefinition, TriggerDefinition } from './app.ts';
import { PheromoneError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { app, custom, fn, trigger } from './testing/definitions.ts';
import { validateApp } from './validate.ts';

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
    'app "x": trigger "t": expected scope "session", since the sources of a dynamic-group trigger belong to one, got "app"',
  ],
  [
    'a DynamicJoin of scope app',
    withTrigger({ scope: 'app', primitive: 'dynamic-join' }),
    'app "x": trigger "t": expected scope "session", since the declarations of a dynamic-join trigger belong to one, got "app"',
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
  [
    'a custom trigger with an unknown source',
    withTrigger({ ...custom, sources: ['h'] }),
    'app "x": trigger "t": expected a function of the app (f, g), got "h"',
  ],
  [
    'a custom trigger with an empty list of sources',
    withTrigger({ ...custom, sources: [] }),
    'app "x": trigger "t": expected sources to be a list of at least one, got a list of 0',
  ],
  [
    'a custom trigger with sources of scope app',
    withTrigger({ ...custom, sources: ['f'], scope: 'app' }),
    'app "x": trigger "t": expected scope "session", since the sources of a custom trigger belong to one, got "app"',
  ],
  ['an unknown isolation', app({ isolation: 'vm' as never }), 'app "x": expected isolation to be "threads" or "processes", got "vm"'],
  ['a heap without processes', app({ heapMb: 64 }), 'app "x": expected heapMb only with isolation "processes", got nothing'],
  [
    'a heap that is too small',
    app({ isolation: 'processes', heapMb: 1 }),
    'app "x": expected heapMb to be a whole number from 16 to 65536, got 1',
  ],
  ['a warm that is a number', app({ warm: 1 as never }), 'app "x": expected warm to be a boolean, got 1'],
  ['no memory', app({ memoryBytes: 0 }), 'app "x": expected memoryBytes to be a whole number from 1 up, got 0'],
];

for (const [fault, definition, message] of FAULTS) {
  test(`an app with ${fault} is refused, with what was expected, what came and where`, (t) => {
    const error = t.throws(() => validateApp(definition), { instanceOf: PheromoneError });
    t.is(error.code, 'INVALID_APP');
    t.is(error.message, message);
  });
}
