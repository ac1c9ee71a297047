import test from 'ava';
import type { TriggerDefinition } from './app.ts';
import { AppScope } from './app-scope.ts';
import type { Effect } from './effect.ts';
import { LIMITS } from './limits.ts';
import { NodeCore } from './node.ts';
import { type AppPlan, planApp } from './plan.ts';
import { object } from './testing/objects.ts';
import { letGo, type ObjectMeta, type Trigger, type TriggerFactory } from './trigger.ts';

const SINK = 1;

const pairs: TriggerDefinition = { name: 'pairs', bucket: 'b', target: 'sink', primitive: 'by-batch-size', size: 2, scope: 'app' };
const windows: TriggerDefinition = { name: 'windows', bucket: 'b', target: 'sink', primitive: 'by-time', windowMs: 10, scope: 'app' };
const own: TriggerDefinition = {
  name: 'own',
  bucket: 'b',
  target: 'sink',
  primitive: 'custom',
  module: 'file:///m.ts',
  export: 'own',
  scope: 'app',
};

function plan(...triggers: TriggerDefinition[]): AppPlan {
  const functions = ['source', 'sink'].map((name) => ({ name, module: 'file:///m.ts', export: name }));
  return planApp({ name: 'x', functions, buckets: [{ name: 'b' }], triggers });
}

/** A node with an app, added at time 0, whose session 1 is open. */
function nodeWith(app: AppPlan, factory?: TriggerFactory): NodeCore {
  const node = new NodeCore();
  node.addApp(app, new Map(factory && [['own', factory]]), 0);
  node.open({ session: 1, app, answer: 'all', deadlineMs: undefined }, 0);
  return node;
}

function opened(app: AppPlan, ...objects: ObjectMeta[]): Effect {
  return { type: 'open', app, fn: SINK, objects };
}

function dropped(app: AppPlan, ...objects: ObjectMeta[]): Effect {
  return { type: 'drop', app, refs: objects.map(({ ref }) => ref) };
}

test('a batch of scope app gathers over sessions and opens one of its own, which knows where its objects came from', (t) => {
  const app = plan(pairs);
  const node = nodeWith(app);
  const [one, two] = [object({ session: 1 }), object({ session: 2 })];
  t.deepEqual(node.appObjectSent(app, one, 0), []);
  t.deepEqual(node.appObjectSent(app, two, 0), [opened(app, one, two), dropped(app, one, two)]);
});

test('windows of scope app are counted from the time at which the app was added, and end by the clock', (t) => {
  const app = plan(windows);
  const node = new NodeCore();
  node.addApp(app, new Map(), 3);
  t.is(node.dueMs(), undefined);
  const [one, two, three] = [object(), object(), object()];
  node.appObjectSent(app, one, 25);
  node.appObjectSent(app, two, 32);
  t.is(node.dueMs(), 33);
  t.deepEqual(node.onTime(33), [opened(app, one, two), dropped(app, one, two)]);
  t.is(node.dueMs(), undefined);
  node.appObjectSent(app, three, 40);
  t.deepEqual(node.appObjectSent(app, object(), 43), [opened(app, three), dropped(app, three)]);
});

test('a copy is dropped when the last trigger of its bucket is done with it', (t) => {
  const app = plan(pairs, windows, { ...pairs, name: 'each', primitive: 'immediate' } as TriggerDefinition);
  const node = nodeWith(app);
  const [one, two] = [object(), object()];
  t.deepEqual(node.appObjectSent(app, one, 0), [opened(app, one)]);
  t.deepEqual(node.appObjectSent(app, two, 1), [opened(app, one, two), opened(app, two)]);
  t.deepEqual(node.onTime(10), [opened(app, one, two), dropped(app, one, two)]);
});

test('what comes too late for a k-out-of-n of scope app is dropped at once', (t) => {
  const app = plan({ ...pairs, primitive: 'redundant', k: 1, n: 2 } as TriggerDefinition);
  const node = nodeWith(app);
  const [first, late] = [object({ group: 'g' }), object({ group: 'g' })];
  t.deepEqual(node.appObjectSent(app, first, 0), [opened(app, first), dropped(app, first)]);
  t.deepEqual(node.appObjectSent(app, late, 0), [dropped(app, late)]);
});

test('what an app holds is dropped when it is removed, its windows end with it, and later copies are dropped at once', (t) => {
  const app = plan(pairs, windows);
  const node = nodeWith(app);
  const [one, late] = [object(), object()];
  node.appObjectSent(app, one, 0);
  t.is(node.dueMs(), 10);
  const [drop, fail] = node.removeApp(app);
  t.deepEqual(drop, dropped(app, one));
  t.like(fail, { type: 'fail', session: 1, code: 'CANCELLED' });
  t.is(node.dueMs(), undefined);
  t.deepEqual(node.removeApp(app), []);
  t.deepEqual(node.appObjectSent(app, late, 1), [dropped(app, late)]);
});

test('an app that is registered again gathers afresh, beside what its former registration still holds', (t) => {
  const [former, app] = [plan(pairs), plan(pairs)];
  const node = nodeWith(former);
  node.addApp(app, new Map(), 0);
  const [old, one, two] = [object(), object(), object()];
  node.appObjectSent(former, old, 0);
  t.deepEqual(node.appObjectSent(app, one, 0), []);
  t.like(node.removeApp(former)[0], { type: 'drop', app: former, refs: [old.ref] });
  t.deepEqual(node.appObjectSent(app, two, 0), [opened(app, one, two), dropped(app, one, two)]);
});

test('a plan that was added before is refused, since what it holds would be lost', (t) => {
  const app = plan(pairs);
  t.like(
    t.throws(() => nodeWith(app).addApp(app, new Map(), 0)),
    { code: 'INTERNAL' },
  );
});

test('one object more than a trigger of scope app may hold fails the session that sent it with OVERLOADED', (t) => {
  const app = plan({ ...windows, name: 'full' });
  const node = nodeWith(app);
  for (let count = 0; count < LIMITS.objectsPerAppTrigger; count += 1) node.appObjectSent(app, object(), 0);
  const one = object();
  const [drop, fail, abort] = node.appObjectSent(app, one, 0);
  t.deepEqual(drop, dropped(app, one));
  t.like(fail, {
    type: 'fail',
    session: 1,
    code: 'OVERLOADED',
    message: 'app "x": trigger "full": expected at most 1000000 objects to wait, got one more',
  });
  t.deepEqual(abort, { type: 'abort', session: 1 });
  t.deepEqual(node.appObjectSent(app, one, 0), [dropped(app, one)]);
  node.onTime(10);
  t.deepEqual(node.appObjectSent(app, one, 10), []);
});

test('an object that a trigger of scope app refuses fails the session that sent it, and is dropped', (t) => {
  const app = plan({ ...pairs, primitive: 'redundant', k: 1, n: 2 } as TriggerDefinition);
  const node = nodeWith(app);
  for (let group = 0; group < LIMITS.openGroupsPerTrigger; group += 1) node.appObjectSent(app, object({ group: `${group}` }), 0);
  const one = object({ group: 'one too many' });
  const [drop, fail] = node.appObjectSent(app, one, 0);
  t.deepEqual(drop, dropped(app, one));
  t.like(fail, { type: 'fail', session: 1, code: 'OVERLOADED' });
});

test('an object in a bucket that the app does not have fails the session that sent it, and is dropped', (t) => {
  const app = plan(pairs);
  const lost = object({ bucket: 'c' });
  const [drop, fail] = nodeWith(app).appObjectSent(app, lost, 0);
  t.deepEqual(drop, dropped(app, lost));
  t.like(fail, { type: 'fail', session: 1, code: 'UNKNOWN_BUCKET', message: 'app "x": expected a bucket of the app, got "c"' });
});

/** Gathers; `fire` fires with all, `drop` lets go of itself, `throw` throws; with `late` in hand it throws when its time comes. */
const commanded: TriggerFactory = (): Trigger => {
  let gathered: ObjectMeta[] = [];
  let dueMs: number | undefined;
  return {
    onObject(each, nowMs) {
      if (each.key === 'throw') throw new Error('broken');
      if (each.key === 'drop') return letGo(each);
      if (each.key === 'late') dueMs = nowMs + 10;
      gathered.push(each);
      if (each.key !== 'fire') return [];
      const objects = gathered;
      gathered = [];
      return [{ objects }];
    },
    onTime() {
      throw new Error('broken in time');
    },
    dueMs: () => dueMs,
  };
};

test("a user's own trigger of scope app fires with what it gathered over sessions, and lets go of what it does not want", (t) => {
  const app = plan(own);
  const node = nodeWith(app, commanded);
  const [one, unwanted, two] = [object({ session: 7 }), object({ key: 'drop' }), object({ key: 'fire' })];
  t.deepEqual(node.appObjectSent(app, one, 0), []);
  t.deepEqual(node.appObjectSent(app, unwanted, 0), [dropped(app, unwanted)]);
  t.deepEqual(node.appObjectSent(app, two, 0), [opened(app, one, two), dropped(app, one, two)]);
});

test("a user's own trigger that fails with an object fails its sender, loses what it holds, and goes on afresh; others lose nothing", (t) => {
  const app = plan(own, pairs);
  const node = nodeWith(app, commanded);
  const [one, bad, two] = [object({ session: 7 }), object({ key: 'throw' }), object({ key: 'fire' })];
  t.deepEqual(node.appObjectSent(app, one, 0), []);
  const [failed, open, drop, fail] = node.appObjectSent(app, bad, 0);
  const message = 'trigger "own": onObject threw: broken';
  t.deepEqual(failed, { type: 'trigger-failed', app, trigger: 'own', message });
  t.deepEqual(open, opened(app, one, bad));
  t.deepEqual(drop, dropped(app, one, bad));
  t.like(fail, { type: 'fail', session: 1, code: 'TRIGGER_FAILED', message });
  t.deepEqual(node.appObjectSent(app, two, 0), [opened(app, two)]);
});

test("a user's own trigger that fails when its time comes is reported, loses what it holds, and goes on afresh", (t) => {
  const app = plan(own);
  const node = nodeWith(app, commanded);
  const [late, two] = [object({ key: 'late' }), object({ key: 'fire' })];
  node.appObjectSent(app, late, 0);
  t.is(node.dueMs(), 10);
  const message = 'trigger "own": onTime threw: broken in time';
  t.deepEqual(node.onTime(10), [{ type: 'trigger-failed', app, trigger: 'own', message }, dropped(app, late)]);
  t.is(node.dueMs(), undefined);
  t.deepEqual(node.appObjectSent(app, two, 11), [opened(app, two), dropped(app, two)]);
});

test("a user's own trigger whose time is no number is reported, and loses what it holds", (t) => {
  const app = plan(own);
  const node = nodeWith(app, () => ({ onObject: () => [], onTime: () => [], dueMs: () => Number.NaN }));
  const one = object();
  const [failed, drop] = node.appObjectSent(app, one, 0);
  t.like(failed, { type: 'trigger-failed', trigger: 'own' });
  t.deepEqual(drop, dropped(app, one));
});

test('an app is refused whose own trigger of scope app cannot be made', (t) => {
  const broken: TriggerFactory = () => {
    throw new Error('broken');
  };
  const node = new NodeCore();
  t.like(
    t.throws(() => node.addApp(plan(own), new Map([['own', broken]]), 0)),
    { code: 'TRIGGER_FAILED', message: 'trigger "own": factory threw: broken' },
  );
});

test('what triggers hold can be handed to those of another scope, each of which goes on where the other was', (t) => {
  const app = plan(pairs, { ...pairs, name: 'triples', size: 3 });
  const [from, to] = [new AppScope(app, new Map(), 0), new AppScope(app, new Map(), 0)];
  const objects = [object(), object(), object()];
  for (const one of objects) from.objectSent(one, 0);
  from.objectSent(object(), 0);
  const last = object();
  from.objectSent(last, 0);
  const holdings = from.holdings();
  t.deepEqual(
    holdings.map(({ triggers }) => triggers),
    [['triples'], ['pairs', 'triples']],
  );
  for (const { object: held, triggers } of holdings) t.deepEqual(to.objectSent(held, 0, triggers).effects, []);
  const next = object();
  const { effects } = to.objectSent(next, 0);
  t.deepEqual(
    effects.flatMap((effect) => (effect.type === 'open' ? [effect.objects] : [])),
    [
      [last, next],
      [...holdings.map((holding) => holding.object), next],
    ],
  );
});
