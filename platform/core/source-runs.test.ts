import test from 'ava';
import type { Primitive, RecoveryDefinition, RerunHint, TriggerDefinition } from './app.ts';
import type { Effect } from './effect.ts';
import { LIMITS } from './limits.ts';
import { NodeCore } from './node.ts';
import { planApp } from './plan.ts';
import { fn } from './testing/definitions.ts';
import { expectation, object } from './testing/objects.ts';
import type { ObjectMeta, SourceRun } from './trigger.ts';

const SINK = 1;
const HINT: RerunHint = { source: 'source', timeoutMs: 10 };
const ABORT: Effect = { type: 'abort', session: 1 };
const RELEASE: Effect = { type: 'release', session: 1 };
const PAIRS = { primitive: 'by-batch-size', size: 2 } as const;

/** A node with session 1 of an app: what sources send comes into bucket b, whose first trigger has hints. */
function nodeWith(triggers: readonly Primitive[], rerun: readonly RerunHint[] = [HINT], recovery?: RecoveryDefinition): NodeCore {
  const app = planApp({
    name: 'x',
    functions: [fn('source', { sends: ['b'] }), fn('sink', { sends: [] })],
    buckets: [{ name: 'b' }],
    triggers: triggers.map((trigger, index) => {
      const placed = { name: `t${index}`, bucket: 'b', target: 'sink', ...trigger } as TriggerDefinition;
      return index === 0 ? { ...placed, rerun } : placed;
    }),
    ...(recovery && { recovery }),
  });
  const node = new NodeCore();
  node.addApp(app, new Map(), 0);
  node.open({ session: 1, app, answer: 'all', deadlineMs: undefined }, 0);
  return node;
}

function start(node: NodeCore, invocation: number, nowMs: number, first = invocation): SourceRun {
  node.sourceStarted({ session: 1, fn: 'source', invocation, first, inputs: [] }, nowMs);
  return { invocation, first };
}

function sent(sender: SourceRun, parts: Partial<ObjectMeta> = {}): ObjectMeta {
  return object({ source: 'source', sender, ...parts });
}

function started(...objects: ObjectMeta[]): Effect {
  return { type: 'start', session: 1, fn: SINK, objects };
}

function rerun(invocation: number): Effect {
  return { type: 'rerun', session: 1, invocation };
}

test('an invocation that brings no object in time runs again, and its time begins anew when it does', (t) => {
  const node = nodeWith([PAIRS]);
  start(node, 0, 0);
  t.is(node.dueMs(), 10);
  t.deepEqual(node.onTime(10), [rerun(0)]);
  t.is(node.dueMs(), undefined);
  start(node, 1, 25, 0);
  t.is(node.dueMs(), 35);
  t.deepEqual(node.onTime(35), [rerun(1)]);
});

test('an object that came in time, or a declaration, ends the waiting for its sender and for nobody else', (t) => {
  const node = nodeWith([{ primitive: 'dynamic-join' }]);
  const [one, other] = [start(node, 0, 0), start(node, 1, 5), start(node, 2, 7)];
  node.objectSent(sent(one), 8);
  node.expected(expectation({ source: 'source', keys: ['k'], group: 'g', sender: other }), 8);
  t.is(node.dueMs(), 17);
  t.deepEqual(node.onTime(17), [rerun(2)]);
});

test('where a hint names a key, the one object ends the waiting for all; until then each runs again', (t) => {
  const node = nodeWith([PAIRS], [{ ...HINT, key: 'k' }]);
  const one = start(node, 0, 0);
  start(node, 1, 1);
  node.objectSent(sent(one, { key: 'other' }), 2);
  t.deepEqual(node.onTime(11), [rerun(0), rerun(1)]);
  const again = start(node, 2, 12, 0);
  node.objectSent(sent(again, { key: 'k' }), 13);
  start(node, 3, 14, 1);
  start(node, 4, 15);
  t.is(node.dueMs(), undefined);
});

test('what a run repeats of another run of its invocation is not told, whichever of them is the faster', (t) => {
  const node = nodeWith([PAIRS]);
  const slow = start(node, 0, 0);
  node.objectSent(sent(slow, { key: 'a' }), 1);
  t.deepEqual(node.failed(1, 'FUNCTION_FAILED', 'broken', 0), [rerun(0)]);
  const again = start(node, 1, 2, 0);
  t.deepEqual(node.objectSent(sent(again, { key: 'a' }), 3), []);
  const [b, c] = [sent(again, { key: 'a' }), sent(slow, { key: 'c' })];
  t.deepEqual(node.objectSent(b, 4).length, 1);
  t.deepEqual(node.objectSent(sent(slow, { key: 'a' }), 5), []);
  node.objectSent(c, 6);
  t.deepEqual(node.objectSent(sent(again, { key: 'c' }), 7), []);
});

test('two invocations may send alike: only runs of the same one repeat each other', (t) => {
  const node = nodeWith([PAIRS]);
  const [one, two] = [sent(start(node, 0, 0)), sent(start(node, 1, 0))];
  node.objectSent(one, 1);
  t.deepEqual(node.objectSent(two, 1), [started(one, two)]);
});

test('all triggers of the bucket are told of an object once, also those without hints', (t) => {
  const node = nodeWith([{ primitive: 'immediate' }, { primitive: 'by-name', key: 'a' }, PAIRS]);
  const each = sent(start(node, 0, 0), { key: 'a' });
  t.deepEqual(node.objectSent(each, 1), [started(each), started(each)]);
  t.deepEqual(node.failed(1, 'FUNCTION_TIMED_OUT', 'late', 0), [rerun(0)]);
  t.deepEqual(node.objectSent(sent(start(node, 1, 2, 0), { key: 'a' }), 3), []);
});

test('a declaration that a run repeats is not a second one', (t) => {
  const node = nodeWith([{ primitive: 'dynamic-join' }]);
  const declare = (sender: SourceRun) => node.expected(expectation({ source: 'source', keys: ['k'], sender }), 1);
  declare(start(node, 0, 0));
  node.failed(1, 'FUNCTION_FAILED', 'broken', 0);
  const again = start(node, 1, 2, 0);
  t.deepEqual(declare(again), []);
  const each = sent(again, { key: 'k' });
  t.deepEqual(node.objectSent(each, 3), [started(each)]);
});

test('an output that a run repeats comes once in the answer', (t) => {
  const node = nodeWith([PAIRS]);
  const output = sent(start(node, 0, 0), { bucket: '' });
  node.outputSent(output);
  node.onTime(10);
  node.outputSent(sent(start(node, 1, 11, 0), { bucket: '' }));
  node.objectSent(sent({ invocation: 1, first: 0 }), 12);
  t.deepEqual(node.quiet(1, 13), [{ type: 'answer', session: 1, outputs: [output] }, RELEASE]);
});

test('an object for triggers of scope app repeats what another run has sent for them, not what it has sent for the session', (t) => {
  const node = nodeWith([PAIRS]);
  const first = sent(start(node, 0, 0));
  node.objectSent(first, 1);
  t.false(node.isRepetition(first));
  node.failed(1, 'FUNCTION_FAILED', 'broken', 0);
  t.true(node.isRepetition(sent(start(node, 1, 2, 0))));
});

test('a failed run is made up for at once, unless another run of its invocation is under way', (t) => {
  const node = nodeWith([PAIRS]);
  start(node, 0, 0);
  t.deepEqual(node.onTime(10), [rerun(0)]);
  t.deepEqual(node.failed(1, 'FUNCTION_FAILED', 'broken', 0), []);
  t.deepEqual(node.failed(1, 'FUNCTION_FAILED', 'broken', 0), []);
  start(node, 1, 11, 0);
  t.deepEqual(node.failed(1, 'EXECUTOR_DIED', 'died', 1), [rerun(1)]);
});

test('an invocation that has had its attempts fails its session, with what was wrong with the last, or that nothing came', (t) => {
  const broken = nodeWith([PAIRS]);
  const silent = nodeWith([PAIRS]);
  for (let run = 0; run < LIMITS.attempts - 1; run += 1) {
    start(broken, run, 20 * run, 0);
    start(silent, run, 20 * run, 0);
    t.deepEqual(broken.failed(1, 'FUNCTION_FAILED', 'broken', run), [rerun(run)]);
    t.deepEqual(silent.onTime(20 * run + 10), [rerun(run)]);
  }
  const last = LIMITS.attempts - 1;
  start(broken, last, 50, 0);
  t.deepEqual(broken.failed(1, 'FUNCTION_FAILED', 'broken', last), [
    { type: 'fail', session: 1, code: 'FUNCTION_FAILED', message: 'broken' },
    ABORT,
  ]);
  start(silent, last, 50, 0);
  const message = `app "x": function "source": expected an object in bucket "b" within 10 ms of its start, got none in ${LIMITS.attempts} attempts`;
  t.like(silent.onTime(60)[0], { type: 'fail', code: 'TOO_MANY_RERUNS', message });
});

test('the runs that dying executors cut short count as attempts, and the one in their place is the same invocation', (t) => {
  const node = nodeWith([PAIRS], [HINT], { level: 'function', attempts: 2 });
  const one = sent(start(node, 0, 0), { key: 'a' });
  node.objectSent(one, 1);
  const again = start(node, 1, 2, 0);
  t.deepEqual(node.objectSent(sent(again, { key: 'a' }), 3), []);
  t.like(node.failed(1, 'EXECUTOR_DIED', 'died', 1)[0], { type: 'fail', code: 'EXECUTOR_DIED' });
});

test('faults that another run would have as well fail the session at once, as do failures of functions without hints', (t) => {
  const unknown = nodeWith([PAIRS]);
  start(unknown, 0, 0);
  t.like(unknown.failed(1, 'UNKNOWN_BUCKET', 'nowhere', 0)[0], { type: 'fail', code: 'UNKNOWN_BUCKET' });
  t.like(nodeWith([PAIRS]).failed(1, 'FUNCTION_FAILED', 'broken')[0], { type: 'fail', code: 'FUNCTION_FAILED' });
});

test('a session is not over while an object is expected, and ends when it has come', (t) => {
  const node = nodeWith([PAIRS]);
  start(node, 0, 0);
  t.deepEqual(node.quiet(1, 1), []);
  t.deepEqual(node.onTime(10), [rerun(0)]);
  node.objectSent(sent(start(node, 1, 11, 0)), 12);
  t.deepEqual(node.quiet(1, 13), [{ type: 'answer', session: 1, outputs: [] }, RELEASE]);
});

const GROUPS = { primitive: 'dynamic-group', sources: ['source'] } as const;

test('a DynamicGroup waits for a source of which something is expected still, and then fires once with all', (t) => {
  const node = nodeWith([GROUPS], [{ ...HINT, key: 'last' }]);
  const [a, b] = [sent(start(node, 0, 0), { group: 'g' }), { key: 'last', group: 'g' }];
  node.objectSent(a, 1);
  t.deepEqual(node.sourcesDone(1, 1, 2), []);
  t.deepEqual(node.onTime(10), [rerun(0)]);
  const again = start(node, 1, 11, 0);
  t.deepEqual(node.objectSent(sent(again, { group: 'g' }), 12), []);
  const last = sent(again, b);
  node.objectSent(last, 12);
  t.deepEqual(node.sourcesDone(1, 1, 13), [started(a, last)]);
});

/** Has what it is told of run again when a second is over. */
const again: TriggerDefinition = {
  name: 'own',
  bucket: 'b',
  target: 'sink',
  primitive: 'custom',
  module: 'm',
  export: 'e',
  sources: ['source'],
};

test('a DynamicGroup that has fired does not fire again for a source that runs again, but does for one that starts', (t) => {
  const app = planApp({
    name: 'x',
    functions: [fn('source', { sends: ['b'] }), fn('sink', { sends: [] })],
    buckets: [{ name: 'b' }],
    triggers: [again, { name: 'groups', bucket: 'b', target: 'sink', ...GROUPS }],
  });
  const node = new NodeCore();
  node.addApp(app, new Map([['own', () => ({ onObject: () => [] })]]), 0);
  node.open({ session: 1, app, answer: 'all', deadlineMs: undefined }, 0);
  const each = sent(start(node, 0, 0), { group: 'g' });
  node.objectSent(each, 1);
  t.deepEqual(node.sourcesDone(1, 1, 2), [started(each)]);
  node.objectSent(sent(start(node, 1, 3, 0), { group: 'g' }), 4);
  t.deepEqual(node.sourcesDone(1, 1, 5), []);
  const other = sent(start(node, 2, 6), { group: 'g' });
  node.objectSent(other, 7);
  t.deepEqual(node.sourcesDone(1, 1, 8), [started(other)]);
});
