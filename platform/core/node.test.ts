import test from 'ava';
import type { TriggerDefinition } from './app.ts';
import { type Effect, NodeCore } from './node.ts';
import { type AppPlan, planApp } from './plan.ts';
import type { SessionRequest } from './session.ts';
import { object } from './testing/objects.ts';
import type { ObjectMeta, Trigger, TriggerFactory } from './trigger.ts';

const FUNCTIONS = ['entry', 'map', 'reduce', 'sum'];
const SENDS: readonly (readonly string[])[] = [['parts'], ['words'], ['counts'], []];
const MAP = 1;
const REDUCE = 2;
const SUM = 3;

const shuffle: TriggerDefinition = { name: 'shuffle', bucket: 'words', target: 'reduce', primitive: 'dynamic-group', sources: ['map'] };
const total: TriggerDefinition = { name: 'total', bucket: 'counts', target: 'sum', primitive: 'dynamic-group', sources: ['reduce'] };
const join: TriggerDefinition = { name: 'join', bucket: 'words', target: 'sum', primitive: 'by-set', keys: ['a', 'b'] };
const own: TriggerDefinition = { name: 'own', bucket: 'words', target: 'sum', primitive: 'custom', module: 'file:///m.ts', export: 'own' };

function plan(triggers: readonly TriggerDefinition[], anywhere = false): AppPlan {
  return planApp({
    name: 'x',
    functions: FUNCTIONS.map((name, index) => ({
      name,
      module: 'file:///m.ts',
      export: name,
      ...(anywhere ? {} : { sends: SENDS[index]! }),
    })),
    buckets: ['parts', 'words', 'counts'].map((name) => ({ name })),
    triggers,
  });
}

/** A node with one app and, unless the request says otherwise, session 1 open, which answers with the first output. */
function nodeWith(app: AppPlan, request: Partial<SessionRequest> = {}, factory?: TriggerFactory): NodeCore {
  const node = new NodeCore();
  node.addApp(app, new Map(factory && [['own', factory]]), 0);
  node.open({ session: 1, app, answer: 'first', deadlineMs: undefined, ...request }, 0);
  return node;
}

function started(fn: number, ...objects: ObjectMeta[]): Effect {
  return { type: 'start', session: 1, fn, objects };
}

const ABORT: Effect = { type: 'abort', session: 1 };
const RELEASE: Effect = { type: 'release', session: 1 };

test("'first' answers with the first output, aborts what still runs, and releases once that is over", (t) => {
  const node = nodeWith(plan([]));
  const [first, second] = [object(), object()];
  t.deepEqual(node.outputSent(first), [{ type: 'answer', session: 1, outputs: [first] }, ABORT]);
  t.deepEqual(node.outputSent(second), []);
  t.is(node.sessions, 1);
  t.deepEqual(node.quiet(1, 0), [RELEASE]);
  t.is(node.sessions, 0);
  t.deepEqual(node.quiet(1, 0), []);
});

test("'all' answers once the session is quiet, with the outputs in order of arrival, or with none", (t) => {
  const outputs = [object(), object(), object()];
  const node = nodeWith(plan([]), { answer: 'all' });
  for (const each of outputs) t.deepEqual(node.outputSent(each), []);
  t.deepEqual(node.quiet(1, 0), [{ type: 'answer', session: 1, outputs }, RELEASE]);
  t.deepEqual(nodeWith(plan([]), { answer: 'all' }).quiet(1, 0), [{ type: 'answer', session: 1, outputs: [] }, RELEASE]);
});

test('a run that is to answer with its first output, and ends without one, fails with NO_OUTPUT', (t) => {
  const [fail, ...rest] = nodeWith(plan([])).quiet(1, 0);
  t.like(fail, { type: 'fail', session: 1, code: 'NO_OUTPUT' });
  t.deepEqual(rest, [RELEASE]);
});

test('the first failure ends the session; outputs, objects and failures that come after it do nothing', (t) => {
  const node = nodeWith(plan([join]), { answer: 'all' });
  node.outputSent(object());
  t.deepEqual(node.failed(1, 'FUNCTION_FAILED', 'broken'), [
    { type: 'fail', session: 1, code: 'FUNCTION_FAILED', message: 'broken' },
    ABORT,
  ]);
  t.deepEqual(node.failed(1, 'FUNCTION_TIMED_OUT', 'late'), []);
  t.deepEqual(node.cancel(1), []);
  t.deepEqual(node.outputSent(object()), []);
  for (const key of ['a', 'b']) t.deepEqual(node.objectSent(object({ bucket: 'words', key }), 0), []);
  t.deepEqual(node.sourcesDone(1, 1, 0), []);
  t.deepEqual(node.quiet(1, 0), [RELEASE]);
});

test('a session that the caller gave up fails with CANCELLED', (t) => {
  const node = nodeWith(plan([]));
  const [fail, abort] = node.cancel(1);
  t.like(fail, { type: 'fail', code: 'CANCELLED' });
  t.deepEqual(abort, ABORT);
  t.deepEqual(node.quiet(1, 0), [RELEASE]);
});

test('a session fails with DEADLINE_EXCEEDED when its deadline comes, and not when it was answered before', (t) => {
  const app = plan([]);
  const node = nodeWith(app, { deadlineMs: 20 });
  node.open({ session: 2, app, answer: 'first', deadlineMs: 10 }, 0);
  t.is(node.dueMs(), 10);
  node.outputSent(object({ session: 2 }));
  t.is(node.dueMs(), 20);
  t.deepEqual(node.onTime(19), []);
  const [fail, abort] = node.onTime(20);
  t.like(fail, { type: 'fail', session: 1, code: 'DEADLINE_EXCEEDED' });
  t.deepEqual(abort, ABORT);
  t.is(node.dueMs(), undefined);
});

test('BySet joins the objects of one session and of no other', (t) => {
  const app = plan([join]);
  const node = nodeWith(app);
  node.open({ session: 2, app, answer: 'first', deadlineMs: undefined }, 0);
  const [a, b] = [object({ bucket: 'words', key: 'a' }), object({ bucket: 'words', key: 'b' })];
  t.deepEqual(node.objectSent(a, 0), []);
  t.deepEqual(node.objectSent(object({ bucket: 'words', key: 'b', session: 2 }), 0), []);
  t.deepEqual(node.objectSent(b, 0), [started(SUM, a, b)]);
});

test('a bucket carries any number of triggers, each with a state of its own', (t) => {
  const node = nodeWith(plan([join, { ...join, name: 'twice', target: 'map', keys: ['b'] }, shuffle]));
  const [a, b] = [object({ bucket: 'words', key: 'a', group: 'g' }), object({ bucket: 'words', key: 'b', group: 'g' })];
  t.deepEqual(node.objectSent(b, 0), [started(MAP, b)]);
  t.deepEqual(node.objectSent(a, 0), [started(SUM, a, b)]);
  t.deepEqual(node.sourcesDone(1, 1, 0), [started(REDUCE, b, a)]);
});

test('DynamicGroup (table 1: shuffle) starts its target once a group when the sources are over', (t) => {
  const node = nodeWith(plan([shuffle]));
  const [x1, y1, x2] = ['x', 'y', 'x'].map((group) => object({ bucket: 'words', group })) as [ObjectMeta, ObjectMeta, ObjectMeta];
  for (const each of [x1, y1, x2]) t.deepEqual(node.objectSent(each, 0), []);
  t.deepEqual(node.sourcesDone(1, 1, 0), [started(REDUCE, x1, x2), started(REDUCE, y1)]);
  t.deepEqual(node.sourcesDone(1, 1, 0), []);
});

test('of two shuffles in a row the later waits for what the earlier starts, in whatever order their ends are told', (t) => {
  const node = nodeWith(plan([total, shuffle]));
  const [word, early, late] = [
    object({ bucket: 'words', group: 'x' }),
    object({ bucket: 'counts', group: 'x' }),
    object({ bucket: 'counts', group: 'x' }),
  ];
  node.objectSent(word, 0);
  node.objectSent(early, 0);
  const [setOfTotal, setOfShuffle] = [1, 2];
  t.deepEqual(node.sourcesDone(1, setOfTotal, 0), [started(REDUCE, word)]);
  t.deepEqual(node.sourcesDone(1, setOfShuffle, 0), []);
  node.objectSent(late, 0);
  t.deepEqual(node.sourcesDone(1, setOfTotal, 0), [started(SUM, early, late)]);
});

test('where all functions are sources, a shuffle starts its target when the session is quiet, and the session goes on', (t) => {
  const node = nodeWith(plan([shuffle], true), { answer: 'all' });
  const word = object({ bucket: 'words', group: 'x' });
  node.objectSent(word, 0);
  t.deepEqual(node.quiet(1, 0), [started(REDUCE, word)]);
  t.deepEqual(node.quiet(1, 0), [{ type: 'answer', session: 1, outputs: [] }, RELEASE]);
});

test('an object without a group in the bucket of a DynamicGroup fails its session with INVALID_ARGUMENT', (t) => {
  const node = nodeWith(plan([{ ...join, keys: ['a'] }, shuffle]));
  const [fail, abort] = node.objectSent(object({ bucket: 'words', key: 'a' }), 0);
  t.like(fail, { type: 'fail', code: 'INVALID_ARGUMENT' });
  t.deepEqual(abort, ABORT);
});

test('an object in a bucket that the app does not have fails its session with UNKNOWN_BUCKET', (t) => {
  t.like(nodeWith(plan([])).objectSent(object({ bucket: 'c' }), 0)[0], {
    code: 'UNKNOWN_BUCKET',
    message: 'app "x": expected a bucket of the app, got "c"',
  });
});

test('the end of a watch set that the app does not have is a fault of the platform', (t) => {
  t.like(nodeWith(plan([])).sourcesDone(1, 1, 0)[0], {
    code: 'INTERNAL',
    message: 'app "x": expected a watch set of the app (0 to 0), got 1',
  });
});

test('events of sessions that are not there do nothing', (t) => {
  const node = new NodeCore();
  t.deepEqual(node.objectSent(object(), 0), []);
  t.deepEqual(node.outputSent(object()), []);
  t.deepEqual(node.sourceStarted({ session: 1, fn: 'map', invocation: 0, first: 0, inputs: [] }, 0), []);
  t.deepEqual(node.sourcesDone(1, 1, 0), []);
  t.deepEqual(node.quiet(1, 0), []);
  t.deepEqual(node.failed(1, 'FUNCTION_FAILED', ''), []);
  t.deepEqual(node.cancel(1), []);
  t.deepEqual(node.onTime(1), []);
  t.is(node.dueMs(), undefined);
});

test('a session of an app that was not added is refused, as is a second one of the same number', (t) => {
  const app = plan([]);
  const node = nodeWith(app);
  const open = (other: AppPlan) => () => void node.open({ session: 1, app: other, answer: 'all', deadlineMs: undefined }, 0);
  t.like(t.throws(open(plan([]))), { code: 'UNKNOWN_APP' });
  t.like(t.throws(open(app)), { code: 'INTERNAL' });
});

test('the sessions of an app that is removed fail with CANCELLED, those of other apps go on', (t) => {
  const [app, other] = [plan([]), plan([])];
  const node = nodeWith(app);
  node.addApp(other, new Map(), 0);
  node.open({ session: 2, app: other, answer: 'first', deadlineMs: undefined }, 0);
  const [fail, ...rest] = node.removeApp(app);
  t.like(fail, { type: 'fail', session: 1, code: 'CANCELLED' });
  t.deepEqual(rest, [ABORT]);
  t.deepEqual(node.quiet(1, 0), [RELEASE]);
  t.is(node.sessions, 1);
});

/** Gathers for 10 ms from its first object on, then fires with what it has. */
const windowed: TriggerFactory = (): Trigger => {
  let gathered: ObjectMeta[] = [];
  let dueMs: number | undefined;
  return {
    onObject(each, nowMs) {
      dueMs ??= nowMs + 10;
      gathered.push(each);
      return [];
    },
    onTime() {
      const objects = gathered;
      gathered = [];
      dueMs = undefined;
      return objects.some((each) => each.key === 'drop') ? [] : [{ objects }];
    },
    dueMs: () => dueMs,
  };
};

test("a user's own trigger that waits for a time keeps its session from ending", (t) => {
  const node = nodeWith(plan([own]), { answer: 'all', deadlineMs: 100 }, windowed);
  const each = object({ bucket: 'words' });
  t.deepEqual(node.objectSent(each, 5), []);
  t.is(node.dueMs(), 15);
  t.deepEqual(node.quiet(1, 6), []);
  t.deepEqual(node.onTime(14), []);
  t.deepEqual(node.onTime(15), [started(SUM, each)]);
  t.is(node.dueMs(), 100);
  t.deepEqual(node.quiet(1, 16), [{ type: 'answer', session: 1, outputs: [] }, RELEASE]);
});

test('a quiet session ends with the last time that it waited for, if nothing starts then', (t) => {
  const node = nodeWith(plan([own]), { answer: 'all' }, windowed);
  node.objectSent(object({ bucket: 'words', key: 'drop' }), 5);
  node.quiet(1, 6);
  t.deepEqual(node.onTime(15), [{ type: 'answer', session: 1, outputs: [] }, RELEASE]);
  t.is(node.sessions, 0);
});

test('a session that is given up while it only waits for a time is released at once', (t) => {
  const node = nodeWith(plan([own]), {}, windowed);
  node.objectSent(object({ bucket: 'words' }), 5);
  node.quiet(1, 6);
  const [fail, ...rest] = node.cancel(1);
  t.like(fail, { type: 'fail', code: 'CANCELLED' });
  t.deepEqual(rest, [RELEASE]);
  t.deepEqual(node.quiet(1, 7), []);
  t.is(node.dueMs(), undefined);
});

test("a user's own trigger is told that all functions are over, and can fire with what is left", (t) => {
  const left: TriggerFactory = () => {
    let objects: ObjectMeta[] = [];
    return {
      onObject(each) {
        objects.push(each);
        return [];
      },
      onSourcesDone() {
        const firings = objects.length === 0 ? [] : [{ objects }];
        objects = [];
        return firings;
      },
    };
  };
  const node = nodeWith(plan([own]), { answer: 'all' }, left);
  const each = object({ bucket: 'words' });
  t.deepEqual(node.objectSent(each, 0), []);
  t.deepEqual(node.quiet(1, 0), [started(SUM, each)]);
});

test("a fault of a user's own trigger fails its session with TRIGGER_FAILED and touches no other", (t) => {
  const app = plan([join, own]);
  const node = nodeWith(app, {}, ({ session }) => {
    if (session === 1) throw new Error('broken');
    return { onObject: () => [] };
  });
  node.open({ session: 2, app, answer: 'first', deadlineMs: undefined }, 0);
  const [fail, abort] = node.objectSent(object({ bucket: 'words' }), 0);
  t.like(fail, { type: 'fail', session: 1, code: 'TRIGGER_FAILED', message: 'trigger "own": factory threw: broken' });
  t.deepEqual(abort, ABORT);
  t.deepEqual(node.objectSent(object({ bucket: 'words', session: 2 }), 0), []);
});

test('an app whose custom trigger has no factory is refused', (t) => {
  const error = t.throws(() => new NodeCore().addApp(plan([own]), new Map(), 0));
  t.like(error, { code: 'INVALID_APP', message: 'app "x": trigger "own": expected a factory for the custom trigger, got none' });
});
