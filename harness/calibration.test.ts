import test from 'ava';
import { checkBias, checkCalibration } from './calibration.ts';
import { manifestFixture, trialFixture } from './fixtures.ts';
import type { Run, TrialRecord } from './records.ts';
import { Random } from './statistics/random.ts';

const ROUNDS = 40;

/** A run in which `delay` took `errorNs` longer than its longer wait accounts for. */
function simulated(seed: number, errorNs: number, noiseNs: number): Run {
  const random = new Random(seed);
  const waited = (baseNs: number): number => baseNs + 20e3 * random.float();
  const trial = (round: number, platform: string, injectedNs: number, extraNs: number): TrialRecord => {
    const outcome = { kind: 'ok', betweenNs: 0, computeNs: 0, invocations: 2, injectedNs } as const;
    return trialFixture(round, 200_000 - Math.log(1 - random.float()) * noiseNs + injectedNs + extraNs, { platform, outcome });
  };
  const longerNs = 0.2e6 + 0.6e6 * random.float();
  const records = Array.from({ length: ROUNDS }, (_, round) => [
    trial(round, 'wait', waited(3e6), 0),
    trial(round, 'delay', waited(3e6 + longerNs), errorNs),
  ]);
  return { manifest: manifestFixture({ seed }), records: records.flat() };
}

const verdicts = (errorNs: number, noiseNs = 50_000) =>
  Array.from({ length: 20 }, (_, seed) => checkCalibration(simulated(seed, errorNs, noiseNs)));
const held = (errorNs: number): number => verdicts(errorNs).filter(({ holds }) => holds).length;

test('a harness that measures right finds the delay in at least 17 of 20 runs', (t) => {
  t.true(held(0) >= 17);
});

test('a harness that adds a tenth of a millisecond is caught, by single runs and by all of them', (t) => {
  for (const errorNs of [1e5, -1e5]) {
    t.true(held(errorNs) < 17);
    t.false(checkBias(verdicts(errorNs)).holds);
  }
});

test('on a noisy machine a bias of a tenth of a millisecond still shows over all runs', (t) => {
  t.true(checkBias(verdicts(0, 300_000)).holds);
  t.false(checkBias(verdicts(1e5, 300_000)).holds);
});

const pair = (round: number, platform: string, totalNs: number, injectedNs?: number): TrialRecord => {
  const outcome = { kind: 'ok', betweenNs: 0, computeNs: 0, invocations: 2 } as const;
  return trialFixture(round, totalNs, { platform, outcome: injectedNs === undefined ? outcome : { ...outcome, injectedNs } });
};

test('the verdict names what was found and what was injected', (t) => {
  const records = [pair(0, 'wait', 130, 100), pair(0, 'delay', 200, 170)];
  t.deepEqual(checkCalibration({ manifest: manifestFixture(), records }), {
    found: { value: 70, low: 70, high: 70 },
    injectedNs: 70,
    holds: true,
    errorsNs: [0],
  });
});

test('a run without pairs, or without reports of the waits, is refused', (t) => {
  const wait = pair(0, 'wait', 130, 100);
  for (const records of [[wait], [wait, pair(1, 'delay', 200, 170)], [wait, pair(0, 'delay', 200)]]) {
    t.throws(() => checkCalibration({ manifest: manifestFixture(), records }), {
      message: /expected rounds in which wait and delay both ran and reported their waits/,
    });
  }
});
