import test from 'ava';
import { floorFixture, manifestFixture, trialFixture } from './fixtures.ts';
import type { Run, RunRecord } from './records.ts';
import { type Metric, summarise, summariseFloors } from './summary.ts';

const runOf = (...records: RunRecord[]): Run => ({ manifest: manifestFixture(), records });
const rounds = (count: number): number[] => Array.from({ length: count }, (_, round) => round);
const rowOf = (run: Run, metric: Metric) => summarise(run).find((row) => row.metric === metric);

test('every metric of a case has a row, and a hop is the time between functions over the hops', (t) => {
  const run = runOf(...rounds(5).map((round) => trialFixture(round, 1000)));
  const medians = Object.fromEntries(summarise(run).map(({ metric, median }) => [metric, median]));
  t.deepEqual(medians, { total: 1000, external: 500, between: 400, hop: 200, compute: 100 });
});

test('the order of parameters does not split a case', (t) => {
  const run = runOf(
    trialFixture(0, 10, { parameters: { length: 2, payloadBytes: 8 } }),
    trialFixture(1, 10, { parameters: { payloadBytes: 8, length: 2 } }),
  );
  t.is(rowOf(run, 'total')?.n, 2);
  t.is(summarise(run).length, 5);
});

test('warm-up, failed and wrong trials do not count', (t) => {
  const run = runOf(
    trialFixture(0, 10),
    trialFixture(0, 999, { phase: 'warmup' }),
    trialFixture(1, 999, { outcome: { kind: 'wrong', why: 'off by one' } }),
    trialFixture(2, 999, { outcome: { kind: 'failed', code: 'PLATFORM_FAILED', why: 'gone' } }),
  );
  const { n, median } = rowOf(run, 'total')!;
  t.deepEqual({ n, median }, { n: 1, median: 10 });
});

test('without hops there is no hop row, without an external part no external row', (t) => {
  const outcome = { kind: 'ok', betweenNs: 4, computeNs: 1, invocations: 3, hops: 0 } as const;
  const run = runOf(trialFixture(0, 10, { outcome }));
  t.deepEqual(
    summarise(run).map(({ metric }) => metric),
    ['total', 'between', 'compute'],
  );
});

test('each metric stands beside the floor of its own kind', (t) => {
  const run = runOf(
    ...rounds(9).flatMap((round) => [
      trialFixture(round, 1000),
      floorFixture(round, 'tcp-round-trip', 100),
      floorFixture(round, 'mailbox-parked', 20),
    ]),
  );
  const floors = summarise(run).map(({ metric, floor, floorMedian, ratio }) => [metric, floor, floorMedian, ratio]);
  t.deepEqual(floors, [
    ['total', 'tcp-round-trip', 100, 10],
    ['external', 'tcp-round-trip', 100, 5],
    ['between', 'mailbox-parked', 20, 20],
    ['hop', 'mailbox-parked', 20, 10],
    ['compute', undefined, undefined, undefined],
  ]);
});

test('a hop can also be read beside the spinning hop and a copy of its payload, where they were sampled', (t) => {
  const run = runOf(
    ...rounds(3).flatMap((round) => [
      trialFixture(round, 1000, { parameters: { length: 3, payloadBytes: 10_000 } }),
      floorFixture(round, 'mailbox-parked', 20),
      floorFixture(round, 'mailbox-spinning', 2),
      floorFixture(round, 'memcpy-10kB', 50),
      floorFixture(round, 'memcpy-1MB', 5_000),
    ]),
  );
  t.like(rowOf(run, 'hop'), { floor: 'mailbox-parked', ratio: 10 });
  t.deepEqual(
    rowOf(run, 'hop')?.otherFloors?.map(({ floor, ratio }) => [floor, ratio]),
    [
      ['mailbox-spinning', 100],
      ['memcpy-10kB', 4],
    ],
  );
  t.is(rowOf(run, 'between')?.otherFloors, undefined);
});

test('ratios are paired by round, so that a machine that slows both down does not widen them', (t) => {
  const run = runOf(
    ...rounds(20).flatMap((round) => [trialFixture(round, 1000 * (1 + round)), floorFixture(round, 'tcp-round-trip', 100 * (1 + round))]),
  );
  const { ratio, ratioLow, ratioHigh } = rowOf(run, 'total')!;
  t.deepEqual([ratio, ratioLow, ratioHigh], [10, 10, 10]);
});

test('a round without its floor falls back on independent samples', (t) => {
  const run = runOf(trialFixture(0, 1000), trialFixture(1, 1000), floorFixture(0, 'tcp-round-trip', 100));
  t.is(rowOf(run, 'total')?.ratio, 10);
});

test('the same run gives the same rows', (t) => {
  const run = runOf(...rounds(30).map((round) => trialFixture(round, 1000 + ((round * 37) % 100))));
  t.deepEqual(summarise(run), summarise(run));
});

test('floors have rows of their own', (t) => {
  const run = runOf(...[3, 1, 2].map((value, round) => floorFixture(round, 'call', value)));
  const [row] = summariseFloors(run);
  t.like(row, { floor: 'call', n: 3, median: 2, min: 1, p95: 2.9, unit: 'ns' });
});

test('an empty run has no rows', (t) => {
  t.deepEqual(summarise(runOf()), []);
  t.deepEqual(summariseFloors(runOf()), []);
});
