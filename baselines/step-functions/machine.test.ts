import test from 'ava';
import { StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';
import { validateWorkflow } from '../../workloads/api/validate.ts';
import type { Dependency, Workflow } from '../../workloads/api/workflow.ts';
import type { State } from './asl.ts';
import { NO_VALUE, REGROUP } from './asl.ts';
import { compile } from './compile.ts';
import { flatten, regroup, type Value, type Values } from './values.ts';

/** What a function emits for the texts of its inputs. Without one it tells of its inputs, as `name(input,input)`. */
type Bodies = Readonly<Record<string, ((...inputs: readonly string[]) => readonly Partial<Value>[]) | undefined>>;

const emit = (...values: readonly string[]): readonly Partial<Value>[] => values.map((value) => ({ value }));

function workflowOf(dependencies: readonly Dependency[], entry: string, rest: Partial<Workflow> = {}): Workflow {
  const names = dependencies.flatMap((d) => Object.values(d).flatMap((part) => (typeof part === 'object' ? Object.values(part) : [part])));
  const spec = { module: 'file:///nowhere', export: 'body' };
  const patterns = dependencies.map(({ pattern }) => pattern as string);
  const functions = names.filter((name) => typeof name === 'string' && !patterns.includes(name) && name !== 'session');
  return {
    name: 'w',
    entry,
    functions: Object.fromEntries([entry, ...functions].map((name) => [name, spec])),
    dependencies,
    result: 'all',
    ...rest,
  };
}

/** Runs the compiled definition in the interpreter; the functions are plain calls. Returns the texts of the outputs, sorted. */
async function run(workflow: Workflow, bodies: Bodies = {}): Promise<readonly string[]> {
  validateWorkflow(workflow);
  const { definition, tasks, functions } = compile(workflow);
  const call = (fn: string, event: Values): Values => {
    if (fn === REGROUP) return regroup(event);
    const inputs = flatten(event).map(({ value }) => value);
    const emitted = bodies[fn]?.(...inputs) ?? emit(`${fn}(${inputs.join(',')})`);
    if (emitted.length === 0 && functions[fn]!.isValueNeeded) throw Object.assign(new Error('nothing'), { name: NO_VALUE });
    return emitted.map((value) => ({ from: fn, value: '', ...value }));
  };
  const handlers = Object.entries(tasks).map(([state, fn]) => [state, (event: unknown) => call(fn, event as Values)]);
  const machine = new StateMachine(definition as unknown as StateMachineDefinition);
  const { result } = machine.run({ value: 'x' }, { overrides: { taskResourceLocalHandlers: Object.fromEntries(handlers) } });
  return flatten((await result) as unknown as Values)
    .map(({ value }) => value)
    .sort();
}

const refused = { code: 'UNSUPPORTED_PATTERN' };
const fork: Dependency = { pattern: 'parallel', from: 'f', to: ['a', 'b'] };

test('A sequence is one Task after the other, and one that emits nothing ends the execution', async (t) => {
  const workflow = workflowOf([{ pattern: 'sequence', from: 'f', to: 'g' }], 'f');
  t.deepEqual(await run(workflow), ['g(f(x))']);
  t.deepEqual(await run(workflow, { f: () => [] }), []);
});

test('A chain of 1,000 is compiled', async (t) => {
  const chain = Array.from({ length: 999 }, (_, i): Dependency => ({ pattern: 'sequence', from: `f${i}`, to: `f${i + 1}` }));
  const { definition } = compile(workflowOf(chain, 'f0'));
  t.is(Object.values(definition.States).filter(({ Type }) => Type === 'Task').length, 1_000);
});

test('Branches of a choice that lead to one function share its state', async (t) => {
  const workflow = workflowOf(
    [
      { pattern: 'choice', from: 'f', to: { a: 'a', b: 'b' } },
      { pattern: 'sequence', from: 'a', to: 'end' },
      { pattern: 'sequence', from: 'b', to: 'end' },
    ],
    'f',
  );
  t.deepEqual(await run(workflow, { f: () => [{ value: 'v', key: 'b' }] }), ['end(b(v))']);
  t.is(Object.values(compile(workflow).tasks).filter((fn) => fn === 'end').length, 1);
});

test('A function that two branches of a fork start runs twice, in states of two names', async (t) => {
  const workflow = workflowOf([fork, { pattern: 'sequence', from: 'a', to: 'c' }, { pattern: 'sequence', from: 'b', to: 'c' }], 'f');
  t.deepEqual(await run(workflow), ['c(a(f(x)))', 'c(b(f(x)))']);
  t.deepEqual(Object.keys(compile(workflow).tasks).sort(), ['a', 'b', 'c', 'c 2', 'f']);
});

test('An assemble ends a Parallel, in the order of its sources, with other branches beside it', async (t) => {
  const workflow = workflowOf(
    [
      { pattern: 'parallel', from: 'f', to: ['a', 'b', 'c'] },
      { pattern: 'assemble', from: ['c', 'a'], to: 'z' },
    ],
    'f',
  );
  t.deepEqual(await run(workflow), ['b(f(x))', 'z(c(f(x)),a(f(x)))']);
  t.deepEqual(await run(workflow, { a: () => [] }), ['b(f(x))']);
});

test('Joins nest, and a join may take the value that was forked', async (t) => {
  const nested = workflowOf(
    [
      fork,
      { pattern: 'parallel', from: 'a', to: ['p', 'q'] },
      { pattern: 'assemble', from: ['p', 'q'], to: 'y' },
      { pattern: 'assemble', from: ['b', 'y'], to: 'z' },
    ],
    'f',
  );
  t.deepEqual(await run(nested), ['z(b(f(x)),y(p(a(f(x))),q(a(f(x)))))']);
  const chained = workflowOf(
    [
      { pattern: 'parallel', from: 'f', to: ['a', 'b', 'c'] },
      { pattern: 'assemble', from: ['a', 'b'], to: 'y' },
      { pattern: 'assemble', from: ['y', 'c'], to: 'z' },
    ],
    'f',
  );
  t.deepEqual(await run(chained), ['z(y(a(f(x)),b(f(x))),c(f(x)))']);
  const direct = workflowOf(
    [
      { pattern: 'sequence', from: 'f', to: 'a' },
      { pattern: 'assemble', from: ['a', 'f'], to: 'z' },
    ],
    'f',
  );
  t.deepEqual(await run(direct), ['z(a(f(x)),f(x))']);
});

test('A group waits for all iterations, nested ones and those of other branches too', async (t) => {
  const grouped: Bodies = {
    f: () => emit('1', '2'),
    e: (of) => emit(`${of}a`, `${of}b`),
    s: (of = '') => [
      { value: of, group: of.at(-1)! },
      { value: of, group: 'all' },
    ],
  };
  const nested = workflowOf(
    [
      { pattern: 'map', from: 'f', each: 'e' },
      { pattern: 'map', from: 'e', each: 's' },
      { pattern: 'group', from: 's', to: 'r' },
    ],
    'f',
  );
  t.deepEqual(await run(nested, grouped), ['r(1a,1b,2a,2b)', 'r(1a,2a)', 'r(1b,2b)']);
  t.deepEqual(await run(nested, { f: () => [] }), []);
  const sides: readonly Dependency[] = [
    fork,
    { pattern: 'sequence', from: 'a', to: 's' },
    { pattern: 'sequence', from: 'b', to: 's' },
    { pattern: 'group', from: 's', to: 'r' },
  ];
  const across: Bodies = { s: (from = '') => [{ value: from[0]!, group: 'one' }] };
  t.deepEqual(await run(workflowOf(sides, 'f'), across), ['r(a,b)']);
});

test('Groups of branches that have nothing to do with each other are formed apart', async (t) => {
  const workflow = workflowOf(
    [fork, { pattern: 'group', from: 'a', to: 'p' }, { pattern: 'group', from: 'b', to: 'q' }, { pattern: 'group', from: 'q', to: 'r' }],
    'f',
  );
  const body = (value = ''): readonly Partial<Value>[] => [{ value, group: 'g' }];
  t.deepEqual(await run(workflow, { a: body, b: body, q: body }), ['p(f(x))', 'r(f(x))']);
});

test('Batches are full ones, side by side with what else takes the values', async (t) => {
  const workflow = workflowOf(
    [
      { pattern: 'batch', from: 'f', size: 2, to: 'b', scope: 'session' },
      { pattern: 'map', from: 'f', each: 'e', to: 'j' },
    ],
    'f',
  );
  t.deepEqual(await run(workflow, { f: () => emit('1', '2', '3', '4', '5') }), ['b(1,2)', 'b(3,4)', 'j(e(1),e(2),e(3),e(4),e(5))']);
  t.deepEqual(await run(workflow, { f: () => [] }), ['j()']);
});

test('Only functions of inner blocks can end an execution early', (t) => {
  const parallel = workflowOf([fork, { pattern: 'sequence', from: 'a', to: 'c' }], 'f');
  t.deepEqual(compile(parallel).early, []);
  t.deepEqual([...compile({ ...parallel, result: 'first' }).early].sort(), ['b', 'c']);
  t.deepEqual(compile(workflowOf([{ pattern: 'sequence', from: 'f', to: 'g' }], 'f', { result: 'first' })).early, []);
});

test('A state waits longer than its function may take', (t) => {
  const spec = { module: 'file:///nowhere', export: 'body' };
  const { definition } = compile(workflowOf([], 'f', { functions: { f: { ...spec, timeoutMs: 1_000_500 } } }));
  t.like(definition.States.f as State, { TimeoutSeconds: 1_001 });
});

test('A graph that does not nest is refused, and the message names the dependency', (t) => {
  const refusedFor = (dependencies: readonly Dependency[], place: RegExp): void => {
    const workflow = workflowOf(dependencies, 'f');
    validateWorkflow(workflow);
    t.throws(() => compile(workflow), { ...refused, message: place });
  };
  const join: Dependency = { pattern: 'assemble', from: ['a', 'b'], to: 'z' };
  refusedFor([fork, join, { pattern: 'sequence', from: 'a', to: 'side' }], /assemble on a, b/);
  refusedFor([fork, join, { pattern: 'assemble', from: ['b', 'a'], to: 'y' }], /assemble on/);
  refusedFor(
    [fork, { pattern: 'parallel', from: 'a', to: ['p', 'q'] }, { pattern: 'assemble', from: ['p', 'q', 'b'], to: 'z' }],
    /p, q, b/,
  );
  refusedFor(
    [
      { pattern: 'map', from: 'f', each: 'e' },
      { pattern: 'choice', from: 'e', to: { again: 'f', done: 'end' } },
    ],
    /map on f/,
  );
});

test('A batch whose values come from several invocations is refused', (t) => {
  const batch: Dependency = { pattern: 'batch', from: 'e', size: 2, to: 'b', scope: 'session' };
  t.throws(() => compile(workflowOf([{ pattern: 'map', from: 'f', each: 'e' }, batch], 'f')), refused);
  const twice = workflowOf([fork, { pattern: 'sequence', from: 'a', to: 'e' }, { pattern: 'sequence', from: 'b', to: 'e' }, batch], 'f');
  t.throws(() => compile(twice), refused);
});

test('A definition above the limit of the service is refused', (t) => {
  const workflow = workflowOf([{ pattern: 'choice', from: 'f', to: { ['k'.repeat(1_100_000)]: 'g' } }], 'f');
  t.throws(() => compile(workflow), { ...refused, message: /at most 1048576 bytes/ });
});
