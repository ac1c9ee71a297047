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
  [
    'hints of scope app',
    withTrigger({ primitive: 'by-name', key: 'k', scope: 'app', rerun: [{ source: 'f', timeoutMs: 1 }] }),
    'app "x": trigger "t": expected scope "session", since the hints of a by-name trigger belong to one, got "app"',
  ],
  [
    'hints that are no list',
    withTrigger({ rerun: {} }),
    'app "x": trigger "t": expected rerun to be a list of at least one, got an object',
  ],
  ['a hint that is missing', withTrigger({ rerun: [null] }), 'app "x": trigger "t": expected a function of the app (f, g), got nothing'],
  [
    'a hint of an unknown source',
    withTrigger({ rerun: [{ source: 'h', timeoutMs: 1 }] }),
    'app "x": trigger "t": expected a function of the app (f, g), got "h"',
  ],
  [
    'a hint of a source that may not send to the bucket',
    { ...withTrigger({ rerun: [{ source: 'f', timeoutMs: 1 }] }), functions: [fn('f', { sends: ['b'] }), fn('g')] },
    'app "x": trigger "t": expected rerun to name functions that may send to bucket "a", got "f"',
  ],
  [
    'a hint without a timeout',
    withTrigger({ rerun: [{ source: 'f' }] }),
    'app "x": trigger "t": rerun of "f": expected timeoutMs to be a number from 0.001 to 2147483647, got nothing',
  ],
  [
    'a hint with a broken key',
    withTrigger({ rerun: [{ source: 'f', key: 7, timeoutMs: 1 }] }),
    'app "x": trigger "t": expected a key of at most 1024 bytes, got 7',
  ],
  [
    'a hint twice',
    withTrigger({
      rerun: [
        { source: 'f', timeoutMs: 1 },
        { source: 'f', timeoutMs: 2 },
      ],
    }),
    'app "x": trigger "t": expected source and key of each rerun to be unique, got "[\\"f\\"]" twice',
  ],
  ['a recovery that is a name', app({ recovery: 'off' as never }), 'app "x": recovery: expected an object, got "off"'],
  [
    'a recovery of an unknown level',
    app({ recovery: { level: 'node' as never } }),
    'app "x": recovery: expected a level (function, workflow, off), got "node"',
  ],
  [
    'a recovery without attempts',
    app({ recovery: { level: 'workflow', attempts: 0 } }),
    'app "x": recovery: expected attempts to be a whole number from 1 to 100, got 0',
  ],
  [
    'attempts where nothing runs again',
    app({ recovery: { level: 'off', attempts: 2 } }),
    'app "x": recovery: expected no attempts with level "off", got 2',
  ],
  [
    'a recovery with a broken timeout',
    app({ recovery: { level: 'workflow', timeoutMs: 0 } }),
    'app "x": recovery: expected timeoutMs to be a number from 0.001 to 2147483647, got 0',
  ],
  [
    'a timeout of sessions where functions run again',
    app({ recovery: { level: 'function', timeoutMs: 5 } }),
    'app "x": recovery: expected level "workflow" where there is a timeoutMs, got "function"',
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
