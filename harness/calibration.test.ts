import test from 'ava';
import { checkCalibration } from './calibration.ts';
import { manifestFixture, trialFixture } from './fixtures.ts';
import type { Run, TrialRecord } from './records.ts';
import { Random } from './statistics/random.ts';

const ROUNDS = 20;

/** A run in which `delay` took `errorNs` longer than its delay accounts for. */
function simulated(seed: number, errorNs: number): Run {
  const random = new Random(seed);
  const records = Array.from({ length: ROUNDS }, (_, round): TrialRecord[] => {
    const base = (): number => 200_000 - Math.log(1 - random.float()) * 50_000;
    const injectedNs = 1e6 + 2e6 * random.float();
    const outcome = { kind: 'ok', betweenNs: 0, computeNs: 0, invocations: 2, injectedNs } as const;
    return [
      trialFixture(round, base(), { platform: 'null' }),
      trialFixture(round, base() + injectedNs + errorNs, { platform: 'delay', outcome }),
    ];
  });
  return { manifest: manifestFixture({ seed }), records: records.flat() };
}

const held = (errorNs: number): number =>
  Array.from({ length: 20 }, (_, seed) => checkCalibration(simulated(seed, errorNs)).holds).filter(Boolean).length;

test('a harness that measures right finds the delay in at least 17 of 20 runs', (t) => {
  t.true(held(0) >= 17);
});

test('a harness that adds a millisecond is caught', (t) => {
  t.true(held(1e6) < 17);
});

test('the verdict names what was found and what was injected', (t) => {
  const outcome = { kind: 'ok', betweenNs: 0, computeNs: 0, invocations: 2, injectedNs: 70 } as const;
  const records = [trialFixture(0, 30, { platform: 'null' }), trialFixture(0, 100, { platform: 'delay', outcome })];
  t.deepEqual(checkCalibration({ manifest: manifestFixture(), records }), {
    found: { value: 70, low: 70, high: 70 },
    injectedNs: 70,
    holds: true,
  });
});

test('a run without pairs, or without reports of the delay, is refused', (t) => {
  const only = (platform: string, round = 0) => trialFixture(round, 10, { platform });
  for (const records of [[only('null')], [only('null'), only('delay', 1)], [only('null'), only('delay')]]) {
    t.throws(() => checkCalibration({ manifest: manifestFixture(), records }), {
      message: /expected rounds in which null and delay both ran/,
    });
  }
});
