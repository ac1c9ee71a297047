import test from 'ava';
import { manifestFixture, trialFixture } from '../fixtures.ts';
import type { RunRecord } from '../records.ts';
import { EXIT, EXIT_HELP, exitCodeOf } from './exit-codes.ts';

const good = trialFixture(0, 10);
const failed = trialFixture(0, 10, { outcome: { kind: 'failed', code: 'PLATFORM_FAILED', why: 'gone' } });
const wrong = trialFixture(0, 10, { outcome: { kind: 'wrong', why: 'off by one' } });
const absent: RunRecord = { kind: 'absent', platform: 'slow', code: 'NOT_AVAILABLE', why: 'not here' };
const codeOf = (...records: RunRecord[]) => exitCodeOf({ manifest: manifestFixture(), records });

test('a run in which all went well is fine', (t) => {
  t.is(codeOf(good, good), EXIT.fine);
});

test('an absent platform and a failed trial are told', (t) => {
  t.is(codeOf(good, absent), EXIT.incomplete);
  t.is(codeOf(good, failed), EXIT.incomplete);
});

test('a wrong output outweighs a missing one', (t) => {
  t.is(codeOf(wrong, absent, failed), EXIT.wrongOutput);
});

test('an interrupted run says so, whatever it holds', (t) => {
  t.is(exitCodeOf({ manifest: manifestFixture({ state: 'interrupted' }), records: [wrong] }), EXIT.interrupted);
});

test('the help explains every exit code', (t) => {
  const explained = [...EXIT_HELP.matchAll(/^ {2}(\d+) /gm)].map(([, code]) => Number(code));
  t.deepEqual(explained, Object.values(EXIT));
});
