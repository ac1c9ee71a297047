import test from 'ava';
import type { Dependency, Workflow } from '../../workloads/api/workflow.ts';
import { compile, processOf } from './compile.ts';

const body = { module: 'file:///bodies.ts', export: 'body' };
const workflow = (names: string, dependencies: readonly Dependency[]): Workflow => ({
  name: 'w',
  entry: 'a',
  functions: Object.fromEntries(names.split(' ').map((name) => [name, body])),
  dependencies,
  result: 'all',
});

const shuffle = workflow('a b c d', [
  { pattern: 'map', from: 'a', each: 'b' },
  { pattern: 'group', from: 'b', to: 'c' },
  { pattern: 'sequence', from: 'c', to: 'd' },
]);

test('Functions are dealt out in turn, what a session runs several times at once is served everywhere', (t) => {
  const chain = compile(
    workflow('a b c', [
      { pattern: 'sequence', from: 'a', to: 'b' },
      { pattern: 'sequence', from: 'b', to: 'c' },
    ]),
    2,
  );
  t.deepEqual(
    ['a', 'b', 'c'].map((name) => processOf(chain, name, 17)),
    [0, 1, 0],
  );
  const routes = compile(shuffle, 2);
  t.deepEqual(
    ['a', 'b', 'c', 'd'].map((name) => routes.functions[name]!.process),
    [0, undefined, undefined, undefined],
  );
  t.deepEqual(
    [0, 1, 2].map((spread) => processOf(routes, 'b', spread)),
    [0, 1, 0],
  );
});

test('A group is held up by its source and by all that leads to it', (t) => {
  const { functions } = compile(shuffle, 2);
  t.deepEqual(Object.fromEntries(Object.entries(functions).map(([name, { holdsUp }]) => [name, holdsUp])), {
    a: [1],
    b: [1],
    c: [],
    d: [],
  });
});

test('Sessions of a stream are tracked only where they can leave something behind', (t) => {
  const stream = (d: Dependency) => compile(workflow('a b c', [{ pattern: 'batch', from: 'a', size: 2, to: 'b', scope: 'app' }, d]), 1);
  t.false(stream({ pattern: 'sequence', from: 'b', to: 'c' }).tracksSessions);
  t.true(stream({ pattern: 'assemble', from: ['b'], to: 'c' }).tracksSessions);
  t.true(compile(shuffle, 1).tracksSessions);
});

test('Routes are plain data', (t) => {
  const routes = compile(shuffle, 3);
  t.deepEqual(JSON.parse(JSON.stringify(routes)), routes);
});
