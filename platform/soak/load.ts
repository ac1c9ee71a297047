/** What the soak runs: apps of every pattern over several nodes, and what each call of them has to come to. */
import type { AppDefinition, FunctionDefinition } from '../core/app.ts';
import { appOf, type UnplacedTrigger } from '../worker/testing/node.ts';

/** A way to call the platform. */
export interface Work {
  readonly app: AppDefinition;
  /** The function that is called. */
  readonly fn: string;
  readonly answer: 'first' | 'all';
  /** Whether these outputs, in order of their text, are what the call's name has to come to. */
  isRight(call: string, outputs: readonly string[]): boolean;
}

const PARTS = 8;
const LARGE_BYTES = 1_000_000;
const AT_A = { requires: ['a'] };
const AT_B = { requires: ['b'] };

/** The labels of the workers: whichever one is lost, each label is still there. */
export const LABELS: readonly (readonly string[])[] = [['a'], ['b'], ['a', 'b']];

function fn(name: string, body: string, config?: object, more: Partial<FunctionDefinition> = {}): FunctionDefinition {
  return { name, module: new URL('./bodies.ts', import.meta.url).href, export: body, ...(config && { config }), ...more };
}

/** Splits on one node, works on another and gathers with a trigger. */
function gathering(name: string, groups: readonly string[], trigger: object, isRight: Work['isRight']): Work {
  const split = { to: 'parts', count: PARTS, groups, ...(name === 'join' && { declare: name }) };
  const triggers = [
    { name: 'parts', primitive: 'immediate', target: 'work' },
    { name, target: 'gather', ...trigger } as UnplacedTrigger,
  ] as const;
  const functions = [
    fn('split', 'split', split, { ...AT_A, sends: ['parts', name] }),
    fn('work', 'work', { to: name }, { ...AT_B, sends: [name], concurrency: 4 }),
    fn('gather', 'gather', undefined, { sends: [] }),
  ];
  return { app: appOf(`soak-${name}`, functions, triggers), fn: 'split', answer: 'all', isRight };
}

function isAll(expected: (call: string) => readonly string[]): Work['isRight'] {
  return (call, outputs) => expected(call).join('|') === outputs.join('|');
}

const ALL_KEYS = '01234567';

/** What is called over and over. */
export const WORKS: readonly Work[] = [
  {
    app: appOf(
      'soak-chain',
      [
        fn('one', 'hop', { to: 'b1' }, AT_A),
        fn('two', 'hop', { to: 'b2' }, AT_B),
        fn('three', 'hop', { to: 'b3' }, AT_A),
        fn('four', 'hop', {}, AT_B),
      ],
      [
        { name: 'b1', primitive: 'immediate', target: 'two' },
        { name: 'b2', primitive: 'by-name', key: '', target: 'three' },
        { name: 'b3', primitive: 'immediate', target: 'four' },
      ],
    ),
    ...{ fn: 'one', answer: 'first' },
    isRight: isAll((call) => [`${call}>one>two>three>four`]),
  },
  gathering(
    'set',
    ['x'],
    { primitive: 'by-set', keys: [...ALL_KEYS] },
    isAll((call) => [`${call} x ${ALL_KEYS}`]),
  ),
  gathering(
    'join',
    ['x'],
    { primitive: 'dynamic-join' },
    isAll((call) => [`${call} x ${ALL_KEYS}`]),
  ),
  gathering(
    'group',
    ['x', 'y'],
    { primitive: 'dynamic-group', sources: ['work'] },
    isAll((call) => [`${call} x 0246`, `${call} y 1357`]),
  ),
  gathering('redundant', ['x', 'y'], { primitive: 'redundant', k: 2, n: 4 }, (call, outputs) => {
    const [x = '', y = ''] = outputs;
    return outputs.length === 2 && isPair(x, `${call} x `, '0246') && isPair(y, `${call} y `, '1357');
  }),
  gathering('batch', ['x'], { primitive: 'by-batch-size', size: 4 }, (call, outputs) => {
    const keys = outputs.map((text) => text.slice(`${call} x `.length));
    return (
      outputs.length === 2 && outputs.every((text) => text.startsWith(`${call} x `)) && [...keys.join('')].sort().join('') === ALL_KEYS
    );
  }),
  {
    app: appOf(
      'soak-large',
      [fn('fill', 'fill', { to: 'large', size: LARGE_BYTES }, AT_A), fn('check', 'checkFill', undefined, AT_B)],
      [{ name: 'large', primitive: 'immediate', target: 'check' }],
    ),
    ...{ fn: 'fill', answer: 'first' },
    isRight: isAll((call) => [`${call} ${LARGE_BYTES}`]),
  },
  {
    app: appOf('soak-nap', [fn('nap', 'nap', { ms: 50 }, { concurrency: 16 })]),
    ...{ fn: 'nap', answer: 'first' },
    isRight: isAll((call) => [call]),
  },
];

/** Two different ones of these keys. */
function isPair(text: string, start: string, keys: string): boolean {
  const [first = '', second = '', ...more] = text.slice(start.length);
  return text.startsWith(start) && more.length === 0 && first !== second && keys.includes(first) && keys.includes(second);
}

/** An app that takes an executor's thread with it, once for each call. */
export const EXITS: Work = {
  app: appOf('soak-exits', [fn('exits', 'exits')], [], { warm: false }),
  ...{ fn: 'exits', answer: 'first' },
  isRight: isAll((call) => [call]),
};

/** The code with which a call fails whose function never comes back. */
export const HANG_CODE = 'FUNCTION_TIMED_OUT';

/** An app that holds up an executor's thread for good; its calls fail with {@link HANG_CODE}. */
export const HANGS: Work = {
  app: appOf('soak-hangs', [fn('hangs', 'hangs', undefined, { timeoutMs: 300 })]),
  ...{ fn: 'hangs', answer: 'first' },
  isRight: () => false,
};

/** Events that gather in batches over sessions; each firing's output names the events that it took. */
export const EVENTS = {
  app: appOf(
    'soak-events',
    [fn('note', 'note'), fn('bundle', 'bundle')],
    [{ name: 'notes', primitive: 'by-batch-size', size: 4, scope: 'app', target: 'bundle' } as UnplacedTrigger],
  ),
  fn: 'note',
  batch: 4,
} as const;
