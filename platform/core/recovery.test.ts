import test from 'ava';
import { LIMITS } from './limits.ts';
import { afterExecutorDeath } from './recovery.ts';

test('an invocation whose executor died runs again until it has had its attempts', (t) => {
  for (let attempt = 1; attempt < LIMITS.attempts; attempt += 1) t.is(afterExecutorDeath(attempt), 'rerun');
  t.is(afterExecutorDeath(LIMITS.attempts), 'give-up');
});
