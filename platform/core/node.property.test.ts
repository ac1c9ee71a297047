import assert from 'node:assert/strict';
import test from 'ava';
import type { AppPlan } from './plan.ts';
import { type History, isOver } from './testing/history.ts';
import { outcomeOf } from './testing/models.ts';
import { IN_APPS, scoped } from './testing/random-apps.ts';
import type { SimulatedHost } from './testing/simulated-host.ts';
import { distinctTriggers, firingsOf, holds, holdsForSessions, once, toldTo, wasCutShort } from './testing/simulated-runs.ts';

test('every session gets one answer or one failure, and one release as its last effect', (t) => {
  holdsForSessions(({ effects }) => {
    const types = effects.map(({ type }) => type).filter((type) => type !== 'start' && type !== 'rerun');
    assert.match(types.join(' '), /^(answer|fail)( abort)? release$/);
  });
  t.pass();
});

test('no state is left when all sessions are released', (t) => {
  holds(({ core }) => {
    assert.equal(core.sessions, 0);
    assert.equal(core.dueMs(), undefined);
  });
  t.pass();
});

test("'first' answers with the first output, 'all' with all of them in order of arrival", (t) => {
  holdsForSessions(({ request, outputs, effects }, app) => {
    const answer = effects.find(({ type }) => type === 'answer');
    if (answer?.type !== 'answer') return;
    const whole = once(
      outputs.map((object) => ({ atMs: 0, object })),
      app,
    ).map(({ object }) => object);
    assert.deepEqual(answer.outputs, request.answer === 'first' ? whole.slice(0, 1) : whole);
  });
  t.pass();
});

for (const kind of ['by-set', 'by-batch-size', 'by-time', 'redundant', 'dynamic-join'] as const) {
  test(`${kind} (table 1) in scope session fires as the whole history of its session says`, (t) => {
    let compared = 0;
    const check = (history: History, app: AppPlan) => {
      for (const trigger of distinctTriggers(app, 'stateful', [kind])) {
        const { firings } = outcomeOf(trigger.definition, toldTo(trigger, history.told, app), history.openedMs);
        // Whose start has no objects cannot be told.
        const all = firings.filter(({ length }) => length > 0);
        const fired = firingsOf(history, trigger);
        // A session that failed stops somewhere on the way.
        assert.deepEqual(fired, wasCutShort(history) ? all.slice(0, fired.length) : all);
        compared += fired.length;
      }
    };
    holdsForSessions(check, scoped([kind], 'session'));
    t.true(compared > 0);
  });
}

for (const kind of IN_APPS) {
  test(`${kind} (table 1) in scope app opens sessions as the history of all sessions together says`, (t) => {
    let compared = 0;
    const check = ({ appHistory }: SimulatedHost, app: AppPlan) => {
      for (const trigger of distinctTriggers(app, 'appStateful', [kind])) {
        const fired = firingsOf(appHistory, trigger);
        assert.deepEqual(fired, outcomeOf(trigger.definition, toldTo(trigger, appHistory.told, app), 0).firings);
        compared += fired.length;
      }
    };
    holds(check, scoped([kind], 'app'));
    t.true(compared > 0);
  });
}

test('a copy is kept while a trigger of scope app may still fire with it, and no longer; none outlives its app', (t) => {
  holds((host, app) => {
    const { told, copies } = host.appHistory;
    const waiting = app.buckets.flatMap(({ appStateful }) => {
      // What custom triggers hold is nobody else's to know; these have let go of everything when their time has passed.
      const known = appStateful.filter(({ definition }) => definition.primitive !== 'custom');
      return known.flatMap((trigger) => outcomeOf(trigger.definition, toldTo(trigger, told, app), 0).waiting);
    });
    assert.deepEqual(copies, new Set(waiting.map(({ ref }) => ref)));
    host.removeApp();
    assert.equal(copies.size, 0);
  });
  t.pass();
});

test('DynamicGroup (table 1) fires with every object once, each firing with one group in order of arrival', (t) => {
  holdsForSessions((history, app) => {
    for (const trigger of distinctTriggers(app, 'stateful', ['dynamic-group'])) {
      const fired = firingsOf(history, trigger);
      const sent = toldTo(trigger, history.told, app).flatMap(({ object }) => object ?? []);
      for (const objects of fired) {
        assert.equal(new Set(objects.map(({ group }) => group)).size, 1);
        assert.deepEqual(
          objects,
          sent.filter((object) => objects.includes(object)),
        );
      }
      const used = fired.flat();
      assert.equal(new Set(used).size, used.length);
      // What runs again after a firing sends in vain.
      const isWhole = !wasCutShort(history) && history.effects.every(({ type }) => type !== 'rerun');
      if (isOver(history) && isWhole) assert.equal(used.length, sent.length);
    }
  });
  t.pass();
});
