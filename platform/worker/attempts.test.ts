import test from 'ava';
import type { RecoveryDefinition } from '../core/app.ts';
import type { ErrorCode } from '../core/errors.ts';
import { planApp } from '../core/plan.ts';
import type { Caller } from '../door/service.ts';
import { attempt } from './attempts.ts';
import { CALLERS_INPUT } from './opening.ts';

const INPUTS = [{ bytes: Buffer.from('input'), label: CALLERS_INPUT }];

/** A call of which every session is in the test's hands. */
function callOf(recovery: RecoveryDefinition, deadlineMs?: number) {
  const sessions: { readonly input: string; readonly deadlineMs: number | undefined; readonly caller: Caller; given: boolean }[] = [];
  const heard: string[] = [];
  const refuses = { next: false };
  const app = planApp({ name: 'x', functions: [{ name: 'f', module: 'm', export: 'f' }], buckets: [], triggers: [], recovery });
  const giveUp = attempt(
    app,
    deadlineMs,
    (inputs, untilMs, caller) => {
      if (refuses.next) throw new Error('no room');
      const session = { input: Buffer.concat(inputs.map(({ bytes }) => bytes)).toString(), deadlineMs: untilMs, caller, given: false };
      sessions.push(session);
      return {
        giveUp: () => {
          session.given = true;
        },
        copyInputs: () => inputs.map(({ bytes, label }) => ({ bytes: Uint8Array.from(bytes), label })),
      };
    },
    INPUTS,
    { answered: () => heard.push('answer'), failed: (code, message) => heard.push(`${code}: ${message}`) },
  );
  const fail = (code: ErrorCode) => sessions.at(-1)?.caller.failed(code, 'broken');
  return { sessions, heard, refuses, giveUp, fail };
}

test('a session that fails is followed by one with the same input, and the caller hears of the last alone', (t) => {
  const { sessions, heard, fail } = callOf({ level: 'workflow' });
  fail('FUNCTION_FAILED');
  fail('EXECUTOR_DIED');
  t.deepEqual(
    sessions.map(({ input }) => input),
    ['input', 'input', 'input'],
  );
  t.deepEqual(heard, []);
  sessions[2]?.caller.answered([], [], { spans: [] }, () => {});
  t.deepEqual(heard, ['answer']);
});

test('after the last attempt, and for faults that another would have as well, the caller hears what was wrong', (t) => {
  const { heard, fail } = callOf({ level: 'workflow', attempts: 2 });
  fail('FUNCTION_FAILED');
  fail('FUNCTION_TIMED_OUT');
  t.deepEqual(heard, ['FUNCTION_TIMED_OUT: broken']);
  const other = callOf({ level: 'workflow' });
  other.fail('UNKNOWN_BUCKET');
  t.deepEqual(other.heard, ['UNKNOWN_BUCKET: broken']);
});

test('giving up reaches the session of the moment', (t) => {
  const { sessions, giveUp, fail } = callOf({ level: 'workflow' });
  fail('FUNCTION_FAILED');
  giveUp();
  t.deepEqual(
    sessions.map(({ given }) => given),
    [false, true],
  );
});

test('where there is no room for another session the failure stands', (t) => {
  const { heard, refuses, fail } = callOf({ level: 'workflow' });
  refuses.next = true;
  fail('FUNCTION_FAILED');
  t.deepEqual(heard, ['FUNCTION_FAILED: broken']);
});

test('a session has the time of its app, as far as that of the call goes; when that is over nothing runs again', (t) => {
  const timed = callOf({ level: 'workflow', timeoutMs: 1_000 });
  t.is(timed.sessions[0]?.deadlineMs, 1_000);
  timed.fail('DEADLINE_EXCEEDED');
  timed.fail('DEADLINE_EXCEEDED');
  timed.fail('DEADLINE_EXCEEDED');
  t.deepEqual(timed.heard, ['DEADLINE_EXCEEDED: app "x": expected the run to be over within 1000 ms, and it was not in 3 attempts']);
  const over = callOf({ level: 'workflow', timeoutMs: 1_000 }, 0);
  t.is(over.sessions[0]?.deadlineMs, 0);
  over.fail('DEADLINE_EXCEEDED');
  t.deepEqual(over.heard, ['DEADLINE_EXCEEDED: broken']);
  t.is(callOf({ level: 'function' }).sessions[0]?.deadlineMs, undefined);
});

test('with functions that run again by themselves, a session does where a node of it was lost', (t) => {
  const { sessions, heard, fail } = callOf({ level: 'function' });
  fail('NODE_LOST');
  t.is(sessions.length, 2);
  fail('FUNCTION_FAILED');
  t.deepEqual(heard, ['FUNCTION_FAILED: broken']);
});
