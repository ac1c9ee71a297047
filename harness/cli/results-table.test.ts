import test from 'ava';
import { floorFixture, manifestFixture, trialFixture } from '../fixtures.ts';
import { absencesOf, resultsTable } from './results-table.ts';

const run = {
  manifest: manifestFixture(),
  records: [
    trialFixture(0, 2_000_000),
    floorFixture(0, 'tcp-round-trip', 100_000),
    trialFixture(1, 2_000_000, { outcome: { kind: 'wrong', why: 'off by one' } }),
    { kind: 'absent', platform: 'slow', code: 'NOT_AVAILABLE', why: 'not installed' },
    { kind: 'absent', platform: 'fast', workload: 'chain', parameters: { length: 9 }, code: 'FAILED_REPEATEDLY', why: 'it fell over' },
  ],
} as const;
const lineOf = (platform: string): string[] =>
  resultsTable(run)
    .split('\n')
    .find((line) => line.includes(` ${platform} `))!
    .split('│')
    .map((cell) => cell.trim())
    .filter((cell) => cell !== '');

test('a line has median, interval, hop, external part, ratio to the floor, and what was not right', (t) => {
  t.deepEqual(lineOf('fast'), ['Chain · length 3', 'fast', '1', '2 ms', '[2 ms, 2 ms]', '400 µs', '1 ms', '20', '1 wrong']);
});

test('a platform that did not run has its line all the same', (t) => {
  t.deepEqual(lineOf('slow'), ['Chain · length 3', 'slow', '-', '-', '-', '-', '-', '-', 'absent']);
});

test('floors stand below', (t) => {
  t.regex(resultsTable(run), /tcp-round-trip +│ +100 µs/);
});

test('absences are told with code and reason', (t) => {
  t.deepEqual(absencesOf(run), [
    'slow is absent: NOT_AVAILABLE: not installed',
    'fast, chain {"length":9} is absent: FAILED_REPEATEDLY: it fell over',
  ]);
});

test('a run without anything has an empty table', (t) => {
  t.is(resultsTable({ manifest: manifestFixture({ platforms: [], workloads: [] }), records: [] }), '');
});
