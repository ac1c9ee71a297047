import test from 'ava';
import type { RecoveryLevel } from './app.ts';
import type { ErrorCode } from './errors.ts';
import { LIMITS } from './limits.ts';
import { afterExecutorDeath, afterFailure, planRecovery } from './recovery.ts';

const functions = planRecovery();
const workflow = planRecovery({ level: 'workflow', attempts: 2 });
const off = planRecovery({ level: 'off' });

test('an app that says nothing has its functions run again, with the attempts that stand in the limits', (t) => {
  t.deepEqual(functions, { level: 'function', attempts: LIMITS.attempts, timeoutMs: undefined });
});

test('an invocation whose executor died runs again until it has had its attempts', (t) => {
  for (let attempt = 1; attempt < LIMITS.attempts; attempt += 1) t.is(afterExecutorDeath(functions, attempt, true), 'rerun');
  t.is(afterExecutorDeath(functions, LIMITS.attempts, true), 'give-up');
});

test('an invocation that was only the neighbour of one that ended its thread runs again however often', (t) => {
  t.is(afterExecutorDeath(functions, LIMITS.attempts + 1, false), 'rerun');
});

test('where functions are not run again, an invocation whose executor died is given up at once, the neighbours too', (t) => {
  for (const recovery of [workflow, off])
    for (const isToBlame of [true, false]) t.is(afterExecutorDeath(recovery, 1, isToBlame), 'give-up');
});

test('a session runs again from its input for the causes of its level, as often as its app allows', (t) => {
  const causes: Readonly<Record<RecoveryLevel, readonly ErrorCode[]>> = {
    function: ['NODE_LOST'],
    workflow: ['FUNCTION_FAILED', 'FUNCTION_TIMED_OUT', 'EXECUTOR_DIED', 'NODE_LOST', 'DEADLINE_EXCEEDED'],
    off: [],
  };
  const codes: readonly ErrorCode[] = [
    ...causes.workflow,
    'CANCELLED',
    'INVALID_ARGUMENT',
    'OUT_OF_MEMORY',
    'NO_OUTPUT',
    'TOO_MANY_RERUNS',
  ];
  for (const recovery of [functions, workflow, off]) {
    const again = codes.filter((code) => afterFailure(recovery, code, 1) === 'again');
    t.deepEqual(again, causes[recovery.level]);
    for (const code of codes) t.is(afterFailure(recovery, code, recovery.attempts), 'give-up');
  }
});
