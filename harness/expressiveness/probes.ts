/** A minimal workflow of every pattern, in both scopes where it has two, and what must come of it. */
import type { Output } from '../../workloads/api/driver.ts';
import { beside, type Dependency, type FunctionSpec, type Pattern, type Scope, type Workflow } from '../../workloads/api/workflow.ts';
import type * as functions from './functions.ts';

/** One minimal workflow. */
export interface Probe {
  readonly pattern: Pattern;
  readonly scope: Scope;
  readonly workflow: Workflow;
  /** The input; in app scope each letter is an event. */
  readonly input: string;
  /** Whether the outputs so far are all that are to come. Only streams are asked. */
  readonly isComplete: (outputs: readonly Output[]) => boolean;
  /** Whether the outputs are right; windows have more than one right answer. */
  readonly isRight: (outputs: readonly Output[]) => boolean;
}

type Bodies = Readonly<Record<string, keyof typeof functions>>;

const decoder = new TextDecoder();
const linesOf = (outputs: readonly Output[]): readonly string[] => outputs.map(({ bytes }) => decoder.decode(bytes)).sort();
const valuesOf = (outputs: readonly Output[]): readonly string[] =>
  linesOf(outputs)
    .flatMap((line) => line.split(' '))
    .sort();
const isSame = (some: readonly string[], others: readonly string[]): boolean => some.join('\n') === [...others].sort().join('\n');

function probe(bodies: Bodies, dependencies: readonly Dependency[], input: string, isRight: Probe['isRight']): Probe {
  const { pattern, ...rest } = dependencies.at(-1)!;
  const scope = 'scope' in rest ? rest.scope : 'session';
  const specs = Object.entries(bodies).map(([name, body]): [string, FunctionSpec] => {
    return [name, { module: beside(import.meta.url, 'functions'), export: body }];
  });
  const workflow: Workflow = {
    name: `${pattern}-${scope}`,
    entry: Object.keys(bodies)[0]!,
    functions: Object.fromEntries(specs),
    dependencies,
    result: 'all',
  };
  return { pattern, scope, workflow, input, isRight, isComplete: (outputs) => valuesOf(outputs).length >= input.length };
}

const PAIR = 2;
const fork: Dependency = { pattern: 'parallel', from: 'fork', to: ['left', 'right'] };

/** Batches and windows take letters of one call, or events of several. */
function gathering(scope: Scope): readonly Probe[] {
  const bodies: Bodies = { take: scope === 'app' ? 'pass' : 'letters', gather: 'join' };
  const all = ['take:a', 'take:b', 'take:c', 'take:d'];
  return [
    probe(
      bodies,
      [{ pattern: 'batch', from: 'take', size: PAIR, to: 'gather', scope }],
      'abcd',
      (outputs) => isSame(valuesOf(outputs), all) && linesOf(outputs).every((line) => line.split(' ').length === PAIR),
    ),
    probe(bodies, [{ pattern: 'window', from: 'take', everyMs: 10, to: 'gather', scope }], 'abcd', (outputs) =>
      isSame(valuesOf(outputs), all),
    ),
  ];
}

/** In the order of the tables. */
export const PROBES: readonly Probe[] = [
  probe({ first: 'pass', second: 'join' }, [{ pattern: 'sequence', from: 'first', to: 'second' }], 'x', (outputs) =>
    isSame(linesOf(outputs), ['first:x']),
  ),
  probe(
    { pick: 'pass', one: 'join', two: 'join' },
    [{ pattern: 'choice', from: 'pick', to: { a: 'one', b: 'two' } }],
    'b',
    (outputs) => isSame(linesOf(outputs), ['pick:b']) && outputs[0]?.from === 'two',
  ),
  probe({ fork: 'pass', left: 'join', right: 'join' }, [fork], 'x', (outputs) =>
    isSame(outputs.map(({ from, bytes }) => `${from} ${decoder.decode(bytes)}`).sort(), ['left fork:x', 'right fork:x']),
  ),
  probe(
    { fork: 'pass', left: 'pass', right: 'pass', join: 'join' },
    [fork, { pattern: 'assemble', from: ['left', 'right'], to: 'join' }],
    'x',
    (outputs) => isSame(linesOf(outputs), ['left:x right:x']),
  ),
  probe({ items: 'letters', each: 'pass', join: 'join' }, [{ pattern: 'map', from: 'items', each: 'each', to: 'join' }], 'abc', (outputs) =>
    isSame(linesOf(outputs), ['each:a each:b each:c']),
  ),
  ...gathering('session'),
  ...gathering('app'),
  probe(
    { fork: 'pass', each: 'pass', join: 'join' },
    [{ pattern: 'k-out-of-n', from: 'fork', each: 'each', n: 3, k: 2, to: 'join' }],
    'x',
    (outputs) => isSame(linesOf(outputs), ['each:x each:x']),
  ),
  probe({ items: 'letters', reduce: 'join' }, [{ pattern: 'group', from: 'items', to: 'reduce' }], 'aba', (outputs) =>
    isSame(linesOf(outputs), ['items:a items:a', 'items:b']),
  ),
];
