import test from 'ava';
import { floorFixture, manifestFixture, trialFixture } from './fixtures.ts';
import type { Run } from './records.ts';
import { summaryFile, summaryFileOf } from './summary-file.ts';

const run: Run = {
  manifest: manifestFixture(),
  records: [
    trialFixture(0, 1000),
    trialFixture(1, 2000),
    trialFixture(2, 9, { outcome: { kind: 'wrong', why: 'off by one' } }),
    trialFixture(3, 9, { outcome: { kind: 'failed', code: 'PLATFORM_FAILED', why: 'gone' } }),
    trialFixture(4, 9, { outcome: { kind: 'failed', code: 'PLATFORM_FAILED', why: 'gone again' } }),
    floorFixture(0, 'tcp-round-trip', 100),
    floorFixture(0, 'mailbox-parked', 50),
    floorFixture(0, 'mailbox-spinning', 5),
    { kind: 'absent', platform: 'slow', code: 'NOT_AVAILABLE', why: 'not here' },
    { kind: 'incident', platform: 'fast', code: 'PROCESS_REPLACED', why: 'process 7 ended' },
  ],
};

test('the summary fits its own schema', (t) => {
  t.notThrows(() => summaryFile.parse(JSON.parse(JSON.stringify(summaryFileOf(run)))));
});

test('each metric of a case is a row with its unit, figures and floor', (t) => {
  const { rows } = summaryFileOf(run);
  t.deepEqual(
    rows.map(({ metric }) => metric),
    ['total', 'external', 'between', 'hop', 'compute'],
  );
  t.like(rows[0], { platform: 'fast', workload: 'chain', parameters: { length: 3 }, unit: 'ns', n: 2, median: 1500, min: 1000 });
  t.like(rows[0], { floor: 'tcp-round-trip', floorMedian: 100, ratio: 15 });
});

test('wrong outputs and failures are counted by kind, with the first reason', (t) => {
  const of = { platform: 'fast', workload: 'chain', parameters: { length: 3 } };
  t.deepEqual(summaryFileOf(run).faults, [
    { ...of, outcome: 'wrong', why: 'off by one', count: 1 },
    { ...of, outcome: 'failed', code: 'PLATFORM_FAILED', why: 'gone', count: 2 },
  ]);
});

test('what was absent and what happened besides is there with its reason', (t) => {
  const { absences, incidents, state } = summaryFileOf(run);
  t.deepEqual(absences, [{ platform: 'slow', code: 'NOT_AVAILABLE', why: 'not here' }]);
  t.deepEqual(incidents, [{ platform: 'fast', code: 'PROCESS_REPLACED', why: 'process 7 ended' }]);
  t.is(state, 'complete');
});
