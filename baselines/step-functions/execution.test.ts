import test from 'ava';
import { StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';
import { DriverError } from '../../workloads/api/driver.ts';
import type { Dependency } from '../../workloads/api/workflow.ts';
import { flow } from '../../workloads/conformance/case.ts';
import { compile } from './compile.ts';
import { Execution } from './execution.ts';
import type { FunctionPool } from './pool.ts';

const map: Dependency = { pattern: 'map', from: 'items', each: 'each', to: 'join' };
const each = { items: 'lines', each: 'echo', join: 'describe' } as const;

/** An execution whose functions answer as `answer` says: JSON, or an error. */
function executionOf(workflow = flow(each, [map]), answer: (fn: string, call: number) => unknown = () => []) {
  const calls: string[] = [];
  const invoke: FunctionPool['invoke'] = async (_machine, fn) => {
    calls.push(fn);
    const result = answer(fn, calls.length);
    await new Promise(setImmediate);
    if (result instanceof Error) throw result;
    return { headers: {}, body: JSON.stringify(result) };
  };
  const { definition, tasks, early } = compile(workflow);
  const machine = new StateMachine(definition as unknown as StateMachineDefinition);
  const deployed = { name: 'm', machine, tasks, early: new Set(early) };
  return { calls, execution: new Execution(deployed, { invoke } as unknown as FunctionPool) };
}

const items = (count: number): unknown => Array.from({ length: count }, () => ({ value: 'AAAA' }));

test('After a failure no iteration that has waited for its turn calls its function', async (t) => {
  const failure = new DriverError('FUNCTION_FAILED', 'no luck');
  const { calls, execution } = executionOf(undefined, (fn) => (fn === 'items' ? items(100) : failure));
  await t.throwsAsync(execution.run('{}'), { is: failure });
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.true(calls.length > 1 && calls.length <= 41, `${calls.length} calls`);
});

test('Values that are too large together fail the execution, in a Map and in the result of a function', async (t) => {
  const large = [{ value: 'A'.repeat(100_000) }];
  const joined = executionOf(undefined, (fn) => (fn === 'items' ? items(3) : large));
  await t.throwsAsync(joined.execution.run('{}'), {
    code: 'PAYLOAD_TOO_LARGE',
    message: /^(output of state "Map items"|input of state "join")/,
  });
  const emitted = executionOf(undefined, () => [...large, ...large, ...large]);
  await t.throwsAsync(emitted.execution.run('{}'), { code: 'PAYLOAD_TOO_LARGE', message: /^output of state "items"/ });
  t.deepEqual(emitted.calls, ['items']);
});

test('The result of an execution counts too', async (t) => {
  const open = flow({ items: 'lines', each: 'echo' }, [{ pattern: 'map', from: 'items', each: 'each' }]);
  const { execution } = executionOf(open, (fn) => (fn === 'items' ? items(3) : [{ value: 'A'.repeat(100_000) }]));
  await t.throwsAsync(execution.run('{}'), { code: 'PAYLOAD_TOO_LARGE' });
});

test('An execution that is stopped rejects at once, and calls nothing any more', async (t) => {
  const { calls, execution } = executionOf();
  const running = execution.run('{}');
  execution.stop();
  await t.throwsAsync(running, { code: 'CANCELLED' });
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.deepEqual(calls, ['items']);
});
