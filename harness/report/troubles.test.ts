import test from 'ava';
import { sampleRun } from '../charts/fixtures/sample-run.ts';
import type { RunRecord } from '../records.ts';
import { troublesOf, warningsOf } from './troubles.ts';

const trial = (outcome: Extract<RunRecord, { kind: 'trial' }>['outcome']): RunRecord => ({
  kind: 'trial',
  phase: 'measured',
  round: 1,
  platform: 'http',
  workload: 'chain',
  parameters: { length: 2 },
  seed: 1,
  calledNs: 0,
  totalNs: 1,
  outcome,
});

test('equal failures are counted together, and named with platform, case, code and reason', (t) => {
  const failed = trial({ kind: 'failed', code: 'FUNCTION_FAILED', why: 'boom' });
  t.deepEqual(troublesOf(sampleRun({ records: [failed, failed] })), [
    { kind: 'failed', platform: 'HTTP by hand', what: 'Chain · length 2', code: 'FUNCTION_FAILED', why: 'boom', count: 2 },
  ]);
});

test('wrong outputs, absent platforms and incidents are all told', (t) => {
  const records: RunRecord[] = [
    { kind: 'absent', platform: 'temporal', code: 'PLATFORM_UNAVAILABLE', why: 'no server' },
    trial({ kind: 'wrong', why: 'expected 3, got 4' }),
    { kind: 'incident', platform: 'pheromone', code: 'PROCESS_DIED', why: 'replaced' },
  ];
  t.deepEqual(
    troublesOf(sampleRun({ records })).map(({ kind, platform }) => [kind, platform]),
    [
      ['could not run', 'temporal'],
      ['wrong output', 'HTTP by hand'],
      ['incident', 'Pheromone'],
    ],
  );
});

test('a whole run has no warnings; one that was cut short has', (t) => {
  t.deepEqual(warningsOf(sampleRun()), []);
  t.is(warningsOf(sampleRun({ state: 'interrupted' })).length, 1);
  t.is(warningsOf({ ...sampleRun({ state: 'running' }), truncated: true }).length, 2);
});
