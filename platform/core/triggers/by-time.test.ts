import test from 'ava';
import fc from 'fast-check';
import { outcomeOf, type Told } from '../testing/models.ts';
import { object } from '../testing/objects.ts';
import type { ObjectMeta } from '../trigger.ts';
import { ByTime } from './by-time.ts';

/** Objects that come in bursts and after gaps; before some of them the clock does not get to call in time. */
const arrivals = fc.array(
  fc.record({
    gapMs: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 3, arbitrary: fc.nat(5) }, { weight: 1, arbitrary: fc.nat(100) }),
    clockIsLate: fc.boolean(),
  }),
  { maxLength: 60 },
);

test('ByTime (table 1: window) fires with what came within each window, nothing lost and nothing twice', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(50), arrivals, (windowMs, beganMs, gaps) => {
      const trigger = new ByTime(windowMs, beganMs);
      const told: Told[] = [];
      const fired: (readonly ObjectMeta[])[] = [];
      let nowMs = beganMs;
      for (const { gapMs, clockIsLate } of gaps) {
        nowMs += gapMs;
        if (!clockIsLate) fired.push(...trigger.onTime(nowMs).map(({ objects }) => objects));
        const each = object();
        told.push({ atMs: nowMs, object: each });
        fired.push(...trigger.onObject(each, nowMs).map(({ objects }) => objects));
      }
      fired.push(...trigger.onTime(trigger.dueMs() ?? nowMs).map(({ objects }) => objects));
      t.deepEqual(fired, outcomeOf({ primitive: 'by-time', windowMs }, told, beganMs).firings);
      t.is(trigger.dueMs(), undefined);
    }),
  );
});

test('ByTime waits for the end of the window that its objects came in, and for nothing without objects', (t) => {
  const trigger = new ByTime(10, 3);
  t.is(trigger.dueMs(), undefined);
  const each = object();
  trigger.onObject(each, 7);
  t.is(trigger.dueMs(), 13);
  t.deepEqual(trigger.onTime(12), []);
  t.deepEqual(trigger.onTime(13), [{ objects: [each] }]);
  t.is(trigger.dueMs(), undefined);
  t.deepEqual(trigger.onTime(23), []);
});

test('an object that comes just when a window ends closes it, and belongs to the next', (t) => {
  const trigger = new ByTime(10, 0);
  const [before, after] = [object(), object()];
  trigger.onObject(before, 9);
  t.deepEqual(trigger.onObject(after, 10), [{ objects: [before] }]);
  t.is(trigger.dueMs(), 20);
  t.deepEqual(trigger.onTime(20), [{ objects: [after] }]);
});

test('a window ends after what came in it, by less than its length and what a sum may round, at any time and length', (t) => {
  const anyMs = (max: number) => fc.double({ min: 0, max, noNaN: true });
  fc.assert(
    fc.property(anyMs(10_000), anyMs(1e10), anyMs(1e9), (lengthMs, beganMs, laterMs) => {
      const windowMs = lengthMs + 0.001;
      const trigger = new ByTime(windowMs, beganMs);
      const nowMs = beganMs + laterMs;
      trigger.onObject(object(), nowMs);
      const leftMs = trigger.dueMs()! - nowMs;
      t.true(leftMs > 0 && leftMs <= windowMs + 1e-5, `${leftMs}`);
    }),
  );
});

test('where division rounds across the end of a window, the end still belongs to the later one and what is before it to the earlier', (t) => {
  const dueAfter = (nowMs: number) => {
    const trigger = new ByTime(0.1, 0);
    trigger.onObject(object(), nowMs);
    return trigger.dueMs();
  };
  for (let window = 1; window < 1_000; window += 1) {
    const endMs = window * 0.1;
    const justBeforeMs = endMs * (1 - Number.EPSILON / 2);
    t.is(dueAfter(endMs), (window + 1) * 0.1);
    t.is(dueAfter(justBeforeMs), endMs);
  }
});
