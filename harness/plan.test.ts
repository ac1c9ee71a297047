import test from 'ava';
import type { Workload } from '../workloads/api/workload.ts';
import type { Experiment } from './experiment.ts';
import { InputError } from './input-error.ts';
import { type Choices, planRun } from './plan.ts';

const workload: Workload = {
  name: 'chain',
  title: 'Chain',
  description: '',
  parameters: {
    length: { default: 2, min: 1, max: 1_000, unit: 'functions', meaning: '' },
    payloadBytes: { default: 8, min: 8, max: 100, unit: 'B', meaning: '' },
  },
  workflow: () => ({ name: 'chain', entry: 'f', functions: {}, dependencies: [], result: 'first' }),
  input: () => new Uint8Array(),
  check: () => ({ ok: true }),
};
const profile = { warmups: 1, rounds: 10, executors: 2 };
const experiment: Experiment = {
  name: 'lengths',
  title: 'Lengths',
  question: '?',
  platforms: ['fast', 'slow'],
  cases: [{ workload: 'chain', sweep: { length: [2, 10, 100] } }],
  profiles: { quick: { ...profile, sweep: { length: [2, 10], payloadBytes: [99] } }, standard: profile, paper: profile },
};
const plan = (choices: Choices = {}, of: Experiment = experiment) =>
  planRun(of, choices, { workloads: [workload], platforms: ['fast', 'slow', 'other'] });
const refusal = (choices: Choices, of?: Experiment): string => {
  try {
    plan(choices, of);
  } catch (error) {
    if (error instanceof InputError) return error.message;
  }
  return 'was not refused';
};

test('a sweep becomes one case a value, with the defaults of the other parameters', (t) => {
  t.deepEqual(
    plan({ profile: 'standard' }).cases.map(({ parameters }) => parameters),
    [2, 10, 100].map((length) => ({ length, payloadBytes: 8 })),
  );
});

test('a profile replaces the values of what is swept and of nothing else', (t) => {
  t.deepEqual(
    plan({ profile: 'quick' }).cases.map(({ parameters }) => parameters),
    [2, 10].map((length) => ({ length, payloadBytes: 8 })),
  );
});

test('without choices a run is the quick profile of the experiment', (t) => {
  t.like(plan(), { profile: 'quick', platforms: ['fast', 'slow'], rounds: 10, warmups: 1, executors: 2 });
});

test('platforms, rounds, seed and parameters can be chosen', (t) => {
  const chosen = plan({ platforms: ['other', 'other'], rounds: 3, seed: 9, parameters: ['payloadBytes=16,32', 'length=5'] });
  t.like(chosen, { platforms: ['other'], rounds: 3, seed: 9 });
  t.deepEqual(
    chosen.cases.map(({ parameters }) => parameters),
    [
      { length: 5, payloadBytes: 16 },
      { length: 5, payloadBytes: 32 },
    ],
  );
});

test('cases that become equal are run once', (t) => {
  const twice = { ...experiment, cases: [...experiment.cases, { workload: 'chain', sweep: {} }] };
  t.is(plan({ parameters: ['length=5'] }, twice).cases.length, 1);
});

test('bad input is refused in one line with what was expected and what came', (t) => {
  t.is(refusal({ profile: 'quik' }), 'unknown profile: expected one of quick, standard, paper, got "quik"; did you mean "quick"?');
  t.is(refusal({ platforms: ['fas'] }), 'unknown platform: expected one of fast, slow, other, got "fas"; did you mean "fast"?');
  t.is(
    refusal({ parameters: ['lenght=3'] }),
    'unknown parameter of lengths: expected one of length, payloadBytes, got "lenght"; did you mean "length"?',
  );
  t.is(refusal({ parameters: ['length=0'] }), 'length of chain: expected 1 to 1000 functions, got 0');
  t.is(refusal({ parameters: ['length=long'] }), '--param length: expected a whole number, got "long"');
  t.is(refusal({ parameters: ['length='] }), '--param: expected NAME=NUMBER, got "length="');
  t.is(refusal({ parameters: ['length=2,'] }), '--param length: expected a whole number, got ""');
  t.is(
    refusal({ parameters: ['length=2', 'length=3'] }),
    '--param length: expected it once, with several values as length=1,2, got it twice',
  );
  t.is(refusal({}, { ...experiment, platforms: ['gone'] }), 'unknown platform: expected one of fast, slow, other, got "gone"');
  t.is(refusal({ rounds: 0 }), '--rounds: expected a whole number from 1 up, got 0');
  t.is(refusal({ seed: Number.NaN }), '--seed: expected a whole number, got NaN');
});

test('a parameter for an experiment without workloads is refused', (t) => {
  t.is(refusal({ parameters: ['length=2'] }, { ...experiment, cases: [] }), '--param length: expected none, since lengths has no workload');
});

test('an experiment on a workload that the catalogue does not have is refused', (t) => {
  t.regex(refusal({}, { ...experiment, cases: [{ workload: 'chian', sweep: {} }] }), /unknown workload: .* did you mean "chain"\?/);
});
