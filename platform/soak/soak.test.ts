import test, { type ExecutionContext } from 'ava';
import { FAULT_ROLES } from './faults.ts';
import { soak } from './soak.ts';

/** What a round takes at most, of the test runner's patience; most are over in four seconds. */
const ROUND_BOUND_MS = 120_000;
const SEED = 1;
const ROUNDS = process.env.REQUIRE_ALL === '1' ? 10 : 1;

for (const role of FAULT_ROLES) {
  test.serial(`whatever happens to ${role}s, every call ends, right or with a clear error, and nothing is left behind`, async (t) => {
    t.timeout((1 + ROUNDS) * ROUND_BOUND_MS);
    const { violations, voided, calls, right, retried, failed, hangs, leaks } = await soak({
      role,
      rounds: ROUNDS,
      seed: SEED,
      onRound: note(t),
    });
    t.deepEqual(violations, []);
    t.true(calls > 0 || voided === ROUNDS);
    t.is(right + sumOf(failed), calls);
    t.is(retried, sumOf(failed));
    t.deepEqual({ hangs, leaks }, { hangs: 0, leaks: 0 });
  });
}

function note(t: ExecutionContext) {
  return (seed: number, { fault, calls }: { readonly fault: string; readonly calls: number }): void => {
    t.log(`seed ${seed}: ${fault}, ${calls} calls`);
  };
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
