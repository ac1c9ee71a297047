import test from 'ava';
import { DriverError } from './driver.ts';
import { validateWorkflow } from './validate.ts';
import type { Dependency, FunctionSpec, Workflow } from './workflow.ts';

const body: FunctionSpec = { module: 'file:///bodies.ts', export: 'body' };

/** A workflow over the functions that are named, the first of them its entry. */
function workflow(names: string, dependencies: readonly Dependency[], rest: Partial<Workflow> = {}): Workflow {
  const functions = Object.fromEntries(names.split(' ').map((name) => [name, body]));
  return { name: 'w', entry: names.split(' ')[0]!, functions, dependencies, result: 'all', ...rest };
}

const valid: Readonly<Record<string, Workflow>> = {
  'a single function': workflow('a', []),
  'a choice that comes round again': workflow('a b', [{ pattern: 'choice', from: 'a', to: { again: 'a', done: 'b' } }]),
  'a diamond': workflow('a b c d', [
    { pattern: 'parallel', from: 'a', to: ['b', 'c'] },
    { pattern: 'assemble', from: ['b', 'c'], to: 'd' },
  ]),
  'two branches of a choice that meet in one function': workflow('a b c d', [
    { pattern: 'choice', from: 'a', to: { b: 'b', c: 'c', other: 'c' } },
    { pattern: 'sequence', from: 'b', to: 'd' },
    { pattern: 'sequence', from: 'c', to: 'd' },
  ]),
  'a map, its join and a shuffle': workflow('a b c d e', [
    { pattern: 'map', from: 'a', each: 'b', to: 'c' },
    { pattern: 'map', from: 'c', each: 'd' },
    { pattern: 'group', from: 'd', to: 'e' },
  ]),
  'maps within a map': workflow('a b c d', [
    { pattern: 'map', from: 'a', each: 'b' },
    { pattern: 'map', from: 'b', each: 'c', to: 'd' },
  ]),
  'a stream that batches, then windows': workflow('a b c', [
    { pattern: 'batch', from: 'a', size: 3, to: 'b', scope: 'app' },
    { pattern: 'window', from: 'b', everyMs: 10, to: 'c', scope: 'app' },
  ]),
  'an assemble of two branches of a choice that comes round again': workflow('a b c d', [
    { pattern: 'choice', from: 'a', to: { first: 'b', last: 'c' } },
    { pattern: 'sequence', from: 'b', to: 'a' },
    { pattern: 'assemble', from: ['b', 'c'], to: 'd' },
  ]),
  'a thousand functions in a row': workflow(
    Array.from({ length: 1_000 }, (_, i) => `f${i}`).join(' '),
    Array.from({ length: 999 }, (_, i) => ({ pattern: 'sequence', from: `f${i}`, to: `f${i + 1}` })),
  ),
};

for (const [title, accepted] of Object.entries(valid)) {
  test(`${title} is accepted`, (t) => t.notThrows(() => validateWorkflow(accepted)));
}

const kOutOfN = { pattern: 'k-out-of-n', from: 'a', each: 'b', n: 3, k: 2, to: 'c' } as const;
const refused: readonly (readonly [title: string, workflow: Workflow, message: RegExp])[] = [
  ['an empty workflow', workflow('a', [], { functions: {} }), /functions: expected at least one, got none/],
  ['a name with capitals', workflow('a', [], { name: 'Word' }), /name: expected 1 to 64 lower-case letters, digits and dashes, got "Word"/],
  ['a name of 65 letters', workflow('a'.repeat(65), []), /function "a+": expected 1 to 64/],
  ['an unknown result', workflow('a', [], { result: 'any' as 'all' }), /result: expected "first" or "all", got "any"/],
  [
    'an unknown entry',
    workflow('split', [], { entry: 'slpit' }),
    /entry: expected a function of the workflow \(split\), got "slpit"; did you mean "split"\?/,
  ],
  ['an entry that only every object has', workflow('a', [], { entry: 'toString' }), /entry: expected a function/],
  [
    'a module that is no URL',
    workflow('a', [], { functions: { a: { module: './a.ts', export: 'a' } } }),
    /module: expected a URL, got ".\/a.ts"/,
  ],
  ['an export without a name', workflow('a', [], { functions: { a: { ...body, export: '' } } }), /export: expected the name of an export/],
  ['a timeout of 0', workflow('a', [], { functions: { a: { ...body, timeoutMs: 0 } } }), /timeoutMs: expected milliseconds above 0/],
  [
    'a concurrency of 1.5',
    workflow('a', [], { functions: { a: { ...body, concurrency: 1.5 } } }),
    /concurrency: expected a whole number from 1 up, got 1.5/,
  ],
  [
    'an unknown target',
    workflow('a bee', [{ pattern: 'sequence', from: 'a', to: 'be' }]),
    /dependency 0 \(sequence on a\): to: .* got "be"; did you mean "bee"\?/,
  ],
  [
    'an unknown source',
    workflow('a b', [{ pattern: 'assemble', from: ['a', 'x'], to: 'b' }]),
    /dependency 0 \(assemble on a, x\): from: .* got "x"/,
  ],
  [
    'an unknown pattern',
    workflow('a b', [{ pattern: 'sequense' } as unknown as Dependency]),
    /dependency 0: expected a pattern .* got "sequense"; did you mean "sequence"/,
  ],
  ['a function that nothing starts', workflow('a b', []), /function "b": expected a way to it from the entry "a", got none/],
  [
    'a group on a function that never runs',
    workflow('a b c', [{ pattern: 'group', from: 'b', to: 'c' }]),
    /function "b": expected a way to it/,
  ],
  [
    'a function behind a join that waits for one that never runs',
    workflow('a b c', [{ pattern: 'assemble', from: ['a', 'b'], to: 'c' }]),
    /function "b": expected a way to it/,
  ],
  ['a function that follows itself', workflow('a', [{ pattern: 'sequence', from: 'a', to: 'a' }]), /got the cycle a -> a/],
  [
    'a cycle without a choice',
    workflow('a b c', [
      { pattern: 'sequence', from: 'a', to: 'b' },
      { pattern: 'parallel', from: 'b', to: ['c', 'a'] },
    ]),
    /expected a choice with a branch out of every cycle, got the cycle a -> b -> a/,
  ],
  [
    'a cycle whose choices all lead back',
    workflow('a b', [
      { pattern: 'choice', from: 'a', to: { a: 'a', b: 'b' } },
      { pattern: 'choice', from: 'b', to: { a: 'a', b: 'b' } },
    ]),
    /got the cycle a -> a/,
  ],
  ['k above n', workflow('a b c', [{ ...kOutOfN, k: 4 }]), /k: expected at most n, which is 3, got 4/],
  ['k of 0', workflow('a b c', [{ ...kOutOfN, k: 0 }]), /k: expected a whole number from 1 up, got 0/],
  ['n of 0', workflow('a b c', [{ ...kOutOfN, n: 0 }]), /n: expected a whole number from 1 up, got 0/],
  [
    'a batch of none',
    workflow('a b', [{ pattern: 'batch', from: 'a', size: 0, to: 'b', scope: 'session' }]),
    /size: expected a whole number/,
  ],
  [
    'a window of no time',
    workflow('a b', [{ pattern: 'window', from: 'a', everyMs: 0, to: 'b', scope: 'app' }]),
    /everyMs: expected milliseconds above 0/,
  ],
  [
    'a window that is not a number',
    workflow('a b', [{ pattern: 'window', from: 'a', everyMs: Number.NaN, to: 'b', scope: 'app' }]),
    /got NaN/,
  ],
  [
    'an unknown scope',
    workflow('a b', [{ pattern: 'batch', from: 'a', size: 1, to: 'b', scope: 'all' as 'app' }]),
    /scope: expected "session" or "app", got "all"/,
  ],
  [
    'a stream that ends with its first value',
    workflow('a b', [{ pattern: 'batch', from: 'a', size: 1, to: 'b', scope: 'app' }], { result: 'first' }),
    /result: expected "all"/,
  ],
  ['an empty choice', workflow('a', [{ pattern: 'choice', from: 'a', to: {} }]), /to: expected at least one function, got none/],
  ['an empty key', workflow('a b', [{ pattern: 'choice', from: 'a', to: { '': 'b' } }]), /to: expected keys that are not empty/],
  ['a parallel to nobody', workflow('a', [{ pattern: 'parallel', from: 'a', to: [] }]), /to: expected at least one function, got none/],
  [
    'an assemble of nothing',
    workflow('a b', [{ pattern: 'assemble', from: [], to: 'b' }]),
    /from: expected at least one function, got none/,
  ],
  [
    'a function twice in a parallel',
    workflow('a b', [{ pattern: 'parallel', from: 'a', to: ['b', 'b'] }]),
    /expected every function once, got "b" twice/,
  ],
  [
    'a function twice in an assemble',
    workflow('a b', [{ pattern: 'assemble', from: ['a', 'a'], to: 'b' }]),
    /expected every function once, got "a" twice/,
  ],
  [
    'a map that joins in its own each',
    workflow('a b', [{ pattern: 'map', from: 'a', each: 'b', to: 'b' }]),
    /expected every function once, got "b" twice/,
  ],
  [
    'a dependency given twice',
    workflow('a b', [
      { pattern: 'sequence', from: 'a', to: 'b' },
      { pattern: 'parallel', from: 'a', to: ['b'] },
    ]),
    /expected one dependency of "b" on "a", got dependency 1 \(parallel on a\) as well/,
  ],
  [
    'a choice beside another dependency',
    workflow('a b c', [
      { pattern: 'sequence', from: 'a', to: 'b' },
      { pattern: 'choice', from: 'a', to: { c: 'c' } },
    ]),
    /expected nothing else to depend on "a"/,
  ],
  [
    'one value and any number of them from one function',
    workflow('a b c', [
      { pattern: 'map', from: 'a', each: 'b' },
      { pattern: 'sequence', from: 'a', to: 'c' },
    ]),
    /expected all that depends on "a" to take any number of values, got dependency 1/,
  ],
  [
    'an each that is started elsewhere',
    workflow('a b c', [
      { pattern: 'map', from: 'a', each: 'b', to: 'c' },
      { pattern: 'choice', from: 'c', to: { more: 'b' } },
    ]),
    /expected nothing else to start its each, "b", got dependency 1 \(choice on c\)/,
  ],
  [
    'an each that is the entry',
    workflow('a', [{ pattern: 'map', from: 'a', each: 'a' }]),
    /expected nothing else to start its each, "a", got the entry/,
  ],
  [
    'an each that is joined and taken in numbers',
    workflow('a b c d', [kOutOfN, { pattern: 'group', from: 'b', to: 'd' }]),
    /expected "b" to emit the one value that is joined, got dependency 1 \(group on b\)/,
  ],
  [
    'a group that leads back to its source',
    workflow('a b c', [
      { pattern: 'group', from: 'a', to: 'b' },
      { pattern: 'choice', from: 'b', to: { again: 'a', done: 'c' } },
    ]),
    /expected no way from "b" back to "a"/,
  ],
  [
    'an assemble of the branches of a choice',
    workflow('a b c d', [
      { pattern: 'choice', from: 'a', to: { b: 'b', c: 'c' } },
      { pattern: 'assemble', from: ['b', 'c'], to: 'd' },
    ]),
    /expected sources that can all run in one session, got "b" and "c", of which the choice on "a" starts one/,
  ],
  [
    'an assemble of a function that runs once an item',
    workflow('a b c d', [
      { pattern: 'map', from: 'a', each: 'b' },
      { pattern: 'sequence', from: 'b', to: 'c' },
      { pattern: 'assemble', from: ['c'], to: 'd' },
    ]),
    /expected sources that run once a session, got "c"/,
  ],
  [
    'an assemble across sessions',
    workflow('a b c d', [
      { pattern: 'batch', from: 'a', size: 2, to: 'b', scope: 'app' },
      { pattern: 'window', from: 'a', everyMs: 10, to: 'c', scope: 'app' },
      { pattern: 'assemble', from: ['b', 'c'], to: 'd' },
    ]),
    /expected sources that run in one session, got a dependency of app scope between them/,
  ],
];

for (const [title, workflowOf, message] of refused) {
  test(`${title} is refused`, (t) => {
    const error = t.throws(() => validateWorkflow(workflowOf), { instanceOf: DriverError });
    t.is(error.code, 'INVALID_WORKFLOW');
    t.regex(error.message, message);
  });
}
