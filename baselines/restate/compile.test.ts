import test from 'ava';
import type { Dependency, Workflow } from '../../workloads/api/workflow.ts';
import { appScoped, compile, handlerName, serviceNames } from './compile.ts';

const spec = { module: 'file:///bodies.js', export: 'body' };

function workflow(names: readonly string[], dependencies: readonly Dependency[], result: Workflow['result'] = 'all'): Workflow {
  return { name: 'w', entry: names[0]!, functions: Object.fromEntries(names.map((name) => [name, spec])), dependencies, result };
}

test('A program is plain data', (t) => {
  const program = compile(
    workflow(
      ['a', 'b', 'c'],
      [
        { pattern: 'map', from: 'a', each: 'b' },
        { pattern: 'group', from: 'b', to: 'c' },
      ],
    ),
  );
  t.deepEqual(JSON.parse(JSON.stringify(program)), program);
});

test('Items are awaited together only if nothing starts when one of them is over', (t) => {
  const map: Dependency = { pattern: 'map', from: 'a', each: 'b' };
  const isTogether = (dependencies: readonly Dependency[], result?: Workflow['result']): boolean =>
    compile(workflow(['a', 'b', 'c', 'd'], dependencies, result)).functions.b!.isAwaitedTogether;
  t.true(isTogether([{ ...map, to: 'c' }]));
  t.true(isTogether([map, { pattern: 'group', from: 'b', to: 'c' }]));
  t.true(isTogether([map]));
  t.false(isTogether([map], 'first'), 'the first value ends the run');
  t.false(isTogether([map, { pattern: 'sequence', from: 'b', to: 'c' }]));
  t.false(
    isTogether([
      { ...map, to: 'c' },
      { pattern: 'batch', from: 'b', size: 2, to: 'd', scope: 'session' },
    ]),
  );
});

test('A group knows what it has to wait for', (t) => {
  const dependencies: readonly Dependency[] = [
    { pattern: 'map', from: 'a', each: 'b' },
    { pattern: 'group', from: 'b', to: 'c' },
  ];
  t.deepEqual(compile(workflow(['a', 'b', 'c'], dependencies)).upstream, { 1: ['b', 'a'] });
});

test('Batches and windows that gather over sessions are known', (t) => {
  const program = compile(
    workflow(
      ['a', 'b', 'c'],
      [
        { pattern: 'batch', from: 'a', size: 2, to: 'b', scope: 'session' },
        { pattern: 'window', from: 'a', everyMs: 5, to: 'c', scope: 'app' },
      ],
    ),
  );
  t.deepEqual(appScoped(program), [1]);
  t.true(program.isStreaming);
});

test('Names of functions stay apart as names of handlers', (t) => {
  const names = ['a-b', 'a', '1', '-'];
  for (const name of names) t.regex(handlerName(name), /^[a-zA-Z][a-zA-Z0-9_]*$/);
  t.is(new Set(names.map(handlerName)).size, names.length);
  const { orchestrator, functions, gatherer } = serviceNames(workflow(['a'], []), 3);
  t.is(new Set([orchestrator, functions, gatherer]).size, 3);
});
