import assert from 'node:assert/strict';
import test from 'ava';
import { LIMITS } from './limits.ts';
import type { AppPlan } from './plan.ts';
import type { History } from './testing/history.ts';
import { outcomeOf } from './testing/models.ts';
import { hinted, observing, plainOfSessions, scoped } from './testing/random-apps.ts';
import { distinctTriggers, firingsOf, holdsForSessions, toldTo, wasCutShort } from './testing/simulated-runs.ts';

test('sources run again in any interleaving: each invocation that was told, up to the limit, and the session still ends', (t) => {
  const codes = new Set<string>();
  let reruns = 0;
  holdsForSessions(({ effects }) => {
    const ofSession = effects.filter(({ type }) => type === 'rerun').length;
    assert.ok(ofSession <= LIMITS.rerunsPerSession);
    reruns += ofSession;
    const end = effects.find(({ type }) => type === 'answer' || type === 'fail');
    codes.add(end?.type === 'fail' ? end.code : 'ANSWER');
  }, observing);
  t.true(reruns > 0);
  t.true(codes.has('ANSWER') && codes.has('TOO_MANY_RERUNS'));
});

for (const kind of ['by-batch-size', 'redundant', 'immediate', 'dynamic-join'] as const) {
  test(`${kind} with hints fires as if no invocation had run more than once, in any interleaving of slow, failed and repeated runs`, (t) => {
    let repeated = 0;
    let rerun = 0;
    const check = (history: History, app: AppPlan) => {
      rerun += history.effects.filter(({ type }) => type === 'rerun').length;
      for (const trigger of distinctTriggers(app, 'stateful', [kind])) {
        const told = toldTo(trigger, history.told, app);
        repeated +=
          history.told.filter(({ object, expected }) => (object ?? expected)?.bucket === trigger.definition.bucket).length - told.length;
        const all = outcomeOf(trigger.definition, told, history.openedMs).firings.filter(({ length }) => length > 0);
        const fired = firingsOf(history, trigger);
        assert.deepEqual(fired, wasCutShort(history) ? all.slice(0, fired.length) : all);
      }
    };
    holdsForSessions(check, hinted(scoped([kind], 'session')));
    t.true(repeated > 0 && rerun > 0);
  });
}

test('a failed source with hints runs again or fails its session, and without hints always fails it', (t) => {
  const codes = new Set<string>();
  const check = ({ effects, failures }: History, { hints }: AppPlan) => {
    const end = effects.find(({ type }) => type === 'answer' || type === 'fail');
    codes.add(end?.type === 'fail' ? end.code : 'ANSWER');
    if (failures > 0 && hints.length === 0) assert.equal(end?.type, 'fail');
  };
  holdsForSessions(check, hinted(plainOfSessions));
  for (const code of ['ANSWER', 'FUNCTION_FAILED', 'TOO_MANY_RERUNS']) t.true(codes.has(code));
});
