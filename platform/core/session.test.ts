import test from 'ava';
import type { TriggerDefinition } from './app.ts';
import type { Effect } from './effect.ts';
import { LIMITS } from './limits.ts';
import { NodeCore } from './node.ts';
import { type AppPlan, planApp } from './plan.ts';
import type { SessionRequest } from './session.ts';
import { expectation, object } from './testing/objects.ts';
import { letGo, type ObjectMeta, type StartedSource, type TriggerFactory } from './trigger.ts';

const SOURCE = 'source';
const SINK = 1;

const windows: TriggerDefinition = { name: 'windows', bucket: 'b', target: 'sink', primitive: 'by-time', windowMs: 10 };
const pairs: TriggerDefinition = { name: 'pairs', bucket: 'b', target: 'sink', primitive: 'by-batch-size', size: 2 };
const join: TriggerDefinition = { name: 'join', bucket: 'b', target: 'sink', primitive: 'dynamic-join' };
const own: TriggerDefinition = { name: 'own', bucket: 'b', target: 'sink', primitive: 'custom', module: 'file:///m.ts', export: 'own' };

function plan(...triggers: TriggerDefinition[]): AppPlan {
  const functions = ['source', 'sink'].map((name) => ({ name, module: 'file:///m.ts', export: name }));
  return planApp({ name: 'x', functions, buckets: [{ name: 'b' }], triggers });
}

/** A node whose session 1 was opened at time 5 and, unless the request says otherwise, answers with all outputs. */
function nodeWith(app: AppPlan, request: Partial<SessionRequest> = {}, factory?: TriggerFactory): NodeCore {
  const node = new NodeCore();
  node.addApp(app, new Map(factory && [['own', factory]]), 0);
  node.open({ session: 1, app, answer: 'all', deadlineMs: undefined, ...request }, 5);
  return node;
}

/** A session that is quiet and waits for the end of its window, at 15. */
function waiting(request: Partial<SessionRequest> = {}): { node: NodeCore; each: ObjectMeta } {
  const node = nodeWith(plan(windows), request);
  const each = object();
  node.objectSent(each, 7);
  node.quiet(1, 8);
  return { node, each };
}

function started(...objects: ObjectMeta[]): Effect {
  return { type: 'start', session: 1, fn: SINK, objects };
}

const ABORT: Effect = { type: 'abort', session: 1 };
const RELEASE: Effect = { type: 'release', session: 1 };
const ANSWER: Effect = { type: 'answer', session: 1, outputs: [] };

test('the windows of a session are counted from its start, each session has its own', (t) => {
  const app = plan(windows);
  const node = nodeWith(app);
  node.open({ session: 2, app, answer: 'all', deadlineMs: undefined }, 9);
  const [one, other] = [object(), object({ session: 2 })];
  node.objectSent(one, 14);
  node.objectSent(other, 14);
  t.is(node.dueMs(), 15);
  t.deepEqual(node.onTime(15), [started(one)]);
  t.is(node.dueMs(), 19);
  t.deepEqual(node.onTime(19), [{ type: 'start', session: 2, fn: SINK, objects: [other] }]);
});

test('an object that comes after its window closes that first, when the clock was late', (t) => {
  const node = nodeWith(plan(windows));
  const [one, two] = [object(), object()];
  node.objectSent(one, 14);
  t.deepEqual(node.objectSent(two, 38), [started(one)]);
  t.deepEqual(node.onTime(60), [started(two)]);
  t.is(node.dueMs(), undefined);
});

test('a session with a window pending is not over, and goes on when the window is', (t) => {
  const { node, each } = waiting();
  t.deepEqual(node.onTime(14), []);
  t.deepEqual(node.onTime(15), [started(each)]);
  t.deepEqual(node.quiet(1, 16), [ANSWER, RELEASE]);
});

test('the first output answers for a session with a window pending, which then never fires', (t) => {
  const node = nodeWith(plan(windows), { answer: 'first' });
  node.objectSent(object(), 7);
  const output = object();
  t.deepEqual(node.outputSent(output), [{ type: 'answer', session: 1, outputs: [output] }, ABORT]);
  t.is(node.dueMs(), undefined);
  t.deepEqual(node.onTime(15), []);
  t.deepEqual(node.quiet(1, 16), [RELEASE]);
});

test('a session that only waits for its window ends at once when it is cancelled, fails or has no time left', (t) => {
  const ends: readonly (readonly [string, (node: NodeCore) => Effect[]])[] = [
    ['CANCELLED', (node) => node.cancel(1)],
    ['FUNCTION_FAILED', (node) => node.failed(1, 'FUNCTION_FAILED', 'broken')],
    ['DEADLINE_EXCEEDED', (node) => node.onTime(12)],
  ];
  for (const [code, end] of ends) {
    const { node } = waiting({ deadlineMs: 12 });
    const [fail, ...rest] = end(node);
    t.like(fail, { type: 'fail', code });
    t.deepEqual(rest, [RELEASE]);
    t.is(node.dueMs(), undefined);
    t.is(node.sessions, 0);
  }
});

test('a batch of one session never holds an object of another, and a short one ends with its session', (t) => {
  const app = plan(pairs);
  const node = nodeWith(app);
  node.open({ session: 2, app, answer: 'all', deadlineMs: undefined }, 5);
  const [one, two] = [object(), object()];
  node.objectSent(one, 6);
  t.deepEqual(node.objectSent(object({ session: 2 }), 6), []);
  t.deepEqual(node.objectSent(two, 6), [started(one, two)]);
  t.deepEqual(node.quiet(2, 7), [
    { ...ANSWER, session: 2 },
    { ...RELEASE, session: 2 },
  ]);
});

test('a join whose keys are declared at run time starts its target in their order, whatever came first', (t) => {
  const node = nodeWith(plan(join));
  const [a, b] = [object({ key: 'a', group: 'g' }), object({ key: 'b', group: 'g' })];
  t.deepEqual(node.objectSent(b, 6), []);
  t.deepEqual(node.expected(expectation({ group: 'g', keys: ['a', 'b'] }), 6), []);
  t.deepEqual(node.objectSent(a, 6), [started(a, b)]);
});

test('a join of no keys starts its target at once, without objects', (t) => {
  t.deepEqual(nodeWith(plan(join)).expected(expectation(), 6), [started()]);
});

test('a declaration that nobody waits for fails its session with INVALID_ARGUMENT, as does a second one for a group', (t) => {
  const [fail, abort] = nodeWith(plan(pairs)).expected(expectation({ source: 'source', keys: ['a'] }), 6);
  t.like(fail, {
    code: 'INVALID_ARGUMENT',
    message: 'app "x": function "source": expected a bucket with a DynamicJoin to declare objects for, got "b"',
  });
  t.deepEqual(abort, ABORT);
  const node = nodeWith(plan(join));
  node.expected(expectation({ keys: ['a'] }), 6);
  t.like(node.expected(expectation({ keys: ['a'] }), 6)[0], { type: 'fail', code: 'INVALID_ARGUMENT' });
  t.deepEqual(node.expected(expectation({ group: 'other' }), 6), []);
  t.like(nodeWith(plan(join)).expected(expectation({ bucket: 'c' }), 6)[0], { type: 'fail', code: 'UNKNOWN_BUCKET' });
});

test("a user's own trigger can wait for declarations", (t) => {
  const announced: TriggerFactory = () => ({ onObject: () => [], onExpected: ({ keys }) => keys.map(() => ({ objects: [] })) });
  const node = nodeWith(plan(pairs, own), {}, announced);
  t.deepEqual(node.expected(expectation({ keys: ['a', 'b'] }), 6), [started(), started()]);
});

test("a user's own trigger that lets go of its objects starts nothing, and lets the session end", (t) => {
  const indifferent: TriggerFactory = () => {
    let left: ObjectMeta | undefined;
    return {
      onObject(each) {
        left = each;
        return letGo(each);
      },
      onSourcesDone: () => (left === undefined ? [] : letGo(left)),
    };
  };
  const node = nodeWith(plan(own), {}, indifferent);
  t.deepEqual(node.objectSent(object(), 6), []);
  t.deepEqual(node.quiet(1, 7), [ANSWER, RELEASE]);
});

/** Has every invocation that started run again 10 ms later, until an object comes. */
const impatient: TriggerFactory = () => {
  let waiting: { readonly source: StartedSource; readonly dueMs: number }[] = [];
  return {
    onObject() {
      waiting = [];
      return [];
    },
    onSourceStarted(source, nowMs) {
      waiting.push({ source, dueMs: nowMs + 10 });
    },
    overdue(nowMs) {
      const late = waiting.filter(({ dueMs }) => dueMs <= nowMs);
      waiting = waiting.filter(({ dueMs }) => dueMs > nowMs);
      return late.map(({ source }) => source);
    },
    dueMs: () => waiting[0]?.dueMs,
  };
};

function source(invocation: number, session = 1): StartedSource {
  return { session, fn: SOURCE, invocation, first: invocation, inputs: [] };
}

function rerun(invocation: number): Effect {
  return { type: 'rerun', session: 1, invocation };
}

const observing: TriggerDefinition = { ...own, sources: [SOURCE] };

/** A session that is quiet and waits to run invocation 0 again, at 17. */
function silent(request: Partial<SessionRequest> = {}): NodeCore {
  const node = nodeWith(plan(observing), request, impatient);
  node.sourceStarted(source(0), 7);
  node.quiet(1, 8);
  return node;
}

test('a source whose objects do not come in time runs again, as often as its trigger says, and the session ends when they came', (t) => {
  const node = silent();
  t.is(node.dueMs(), 17);
  t.deepEqual(node.onTime(16), []);
  t.deepEqual(node.onTime(17), [rerun(0)]);
  t.is(node.dueMs(), undefined);
  t.deepEqual(node.sourceStarted(source(1), 18), []);
  t.deepEqual(node.onTime(28), [rerun(1)]);
  node.sourceStarted(source(2), 29);
  t.deepEqual(node.objectSent(object(), 30), []);
  t.deepEqual(node.quiet(1, 31), [ANSWER, RELEASE]);
});

test('a source that still runs when it is overdue runs again beside itself', (t) => {
  const node = nodeWith(plan(observing), {}, impatient);
  node.sourceStarted(source(0), 7);
  t.deepEqual(node.onTime(17), [rerun(0)]);
  node.objectSent(object(), 18);
  t.deepEqual(node.quiet(1, 19), [ANSWER, RELEASE]);
});

test('only sources that a trigger names are told to it, each to the session that it started in', (t) => {
  const app = plan(observing);
  const node = nodeWith(app, {}, impatient);
  node.open({ session: 2, app, answer: 'all', deadlineMs: undefined }, 5);
  node.sourceStarted({ ...source(0), fn: 'sink' }, 7);
  t.is(node.dueMs(), undefined);
  node.sourceStarted(source(0, 2), 8);
  t.deepEqual(node.onTime(18), [{ ...rerun(0), session: 2 }]);
});

test('what fires and what runs again at one time comes in this order', (t) => {
  const both: TriggerFactory = (setup) => {
    const trigger = impatient(setup);
    return { ...trigger, onTime: () => [{ objects: [] }] };
  };
  const node = nodeWith(plan(observing), {}, both);
  node.sourceStarted(source(0), 7);
  t.deepEqual(node.onTime(17), [started(), rerun(0)]);
});

test('a session that only waits to run a source again ends at once when it is cancelled, fails or has no time left', (t) => {
  const ends: readonly (readonly [string, (node: NodeCore) => Effect[]])[] = [
    ['CANCELLED', (node) => node.cancel(1)],
    ['FUNCTION_FAILED', (node) => node.failed(1, 'FUNCTION_FAILED', 'broken')],
    ['DEADLINE_EXCEEDED', (node) => node.onTime(17)],
  ];
  for (const [code, end] of ends) {
    const node = silent({ deadlineMs: 12 });
    const [fail, ...rest] = end(node);
    t.like(fail, { type: 'fail', code });
    t.deepEqual(rest, [RELEASE]);
    t.is(node.dueMs(), undefined);
    t.deepEqual(node.sourceStarted(source(1), 20), []);
    t.is(node.sessions, 0);
  }
});

test('nothing runs again once the session has its answer', (t) => {
  const node = nodeWith(plan(observing), { answer: 'first' }, impatient);
  node.sourceStarted(source(0), 7);
  const output = object();
  t.deepEqual(node.outputSent(output), [{ type: 'answer', session: 1, outputs: [output] }, ABORT]);
  t.deepEqual(node.sourceStarted(source(1), 8), []);
  t.deepEqual(node.onTime(17), []);
  t.deepEqual(node.quiet(1, 18), [RELEASE]);
});

test('a session whose sources run again more often than the limit fails with TOO_MANY_RERUNS, and starts nothing of that', (t) => {
  const node = silent();
  for (let count = 1; count <= LIMITS.rerunsPerSession; count += 1) {
    t.deepEqual(node.onTime(7 + 10 * count), [rerun(count - 1)]);
    node.sourceStarted(source(count), 7 + 10 * count);
  }
  node.quiet(1, 1_008);
  const [fail, ...rest] = node.onTime(1_017);
  t.like(fail, {
    code: 'TOO_MANY_RERUNS',
    message: 'app "x": expected triggers to have at most 100 invocations of the run run again, got 101',
  });
  t.deepEqual(rest, [RELEASE]);
});

test('a fault of a trigger that is told of a start fails the session with TRIGGER_FAILED', (t) => {
  const broken: TriggerFactory = () => {
    throw new Error('broken');
  };
  const [fail, abort] = nodeWith(plan(observing), {}, broken).sourceStarted(source(0), 7);
  t.like(fail, { code: 'TRIGGER_FAILED', message: 'trigger "own": factory threw: broken' });
  t.deepEqual(abort, ABORT);
});
