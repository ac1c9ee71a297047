import test from 'ava';
import { PheromoneError } from '../errors.ts';
import { expectation, object } from '../testing/objects.ts';
import { letGo, type ObjectMeta, type StartedSource, type Trigger, type TriggerFactory } from '../trigger.ts';
import { CustomTrigger } from './custom.ts';

/** A custom trigger, in a session, of what need not keep to the interface. */
function custom(trigger: unknown, sources: readonly string[] = []): CustomTrigger {
  return new CustomTrigger('t', () => trigger as Trigger, { config: undefined, session: 1, sources });
}

/** The same in scope `app`. */
function ofApp(trigger: unknown): CustomTrigger {
  return new CustomTrigger('t', () => trigger as Trigger, { config: undefined, session: undefined, sources: [] });
}

const pairs = (): Trigger => {
  const gathered: ObjectMeta[] = [];
  return {
    onObject(each) {
      if (gathered.length === 2) gathered.length = 0;
      gathered.push(each);
      return gathered.length === 2 ? [{ objects: gathered }] : [];
    },
  };
};

test("a user's own trigger decides when the target starts", (t) => {
  const trigger = custom(pairs());
  const [a, b] = [object(), object()];
  t.deepEqual(trigger.onObject(a, 0), []);
  t.deepEqual(trigger.onObject(b, 0), [{ objects: [a, b], start: true }]);
});

test('a custom trigger may use its lists again after a firing', (t) => {
  const trigger = custom(pairs());
  const [a, b, c] = [object(), object(), object()];
  trigger.onObject(a, 0);
  const firings = trigger.onObject(b, 0);
  trigger.onObject(c, 0);
  t.deepEqual(firings, [{ objects: [a, b], start: true }]);
});

test('a custom trigger is told of declarations if it wants to be, and can be seen not to', (t) => {
  const early = object();
  const trigger = custom({ onObject: () => [], onExpected: () => [{ objects: [early] }] });
  trigger.onObject(early, 0);
  t.deepEqual(trigger.onExpected?.(expectation(), 0), [{ objects: [early], start: true }]);
  t.is(custom(pairs()).onExpected, undefined);
});

test('a custom trigger in a session may fire with an object again, in an app once only', (t) => {
  const again = (): Trigger => {
    let first: ObjectMeta | undefined;
    return {
      onObject(each) {
        first ??= each;
        return [{ objects: [first] }];
      },
    };
  };
  const one = object();
  const trigger = custom(again());
  trigger.onObject(one, 0);
  t.deepEqual(trigger.onObject(object(), 0), [{ objects: [one], start: true }]);
  const inApp = ofApp(again());
  inApp.onObject(one, 0);
  t.like(
    t.throws(() => inApp.onObject(object(), 0)),
    { code: 'TRIGGER_FAILED' },
  );
});

test('a custom trigger can let go of an object, and in an app then no longer fires with it', (t) => {
  const fickle = (): Trigger => ({ onObject: (each) => (each.key === 'drop' ? [...letGo(each), { objects: [each] }] : letGo(each)) });
  const one = object();
  t.deepEqual(ofApp(fickle()).onObject(one, 0), letGo(one));
  t.like(
    t.throws(() => ofApp(fickle()).onObject(object({ key: 'drop' }), 0)),
    { code: 'TRIGGER_FAILED' },
  );
});

for (const method of ['onSourcesDone', 'onExpected', 'onSourceStarted', 'overdue']) {
  test(`a custom trigger of an app that counts on ${method} is refused`, (t) => {
    const create = () => ofApp({ onObject: () => [], [method]: () => [] });
    const message = `trigger "t": expected no method ${method}, which scope "app" does not call, got a value of type function`;
    t.like(t.throws(create), { code: 'TRIGGER_FAILED', message });
  });
}

test('a custom trigger is given its config, its session and its sources', (t) => {
  const setups: unknown[] = [];
  const factory: TriggerFactory = (setup) => {
    setups.push(setup);
    return pairs();
  };
  const setup = { config: { size: 3 }, session: 7, sources: ['f'] };
  new CustomTrigger('t', factory, setup);
  t.deepEqual(setups, [setup]);
});

const stranger = object();
const fires = (firings: unknown) => ({ onObject: () => firings });
const FAULTS: readonly (readonly [string, unknown, RegExp])[] = [
  [
    'throws',
    {
      onObject: () => {
        throw new Error('broken');
      },
    },
    /onObject threw: broken/,
  ],
  [
    'throws what is no error',
    {
      onObject: () => {
        throw 'broken';
      },
    },
    /onObject threw: broken/,
  ],
  [
    'throws what has no text',
    {
      onObject: () => {
        throw Object.create(null);
      },
    },
    /onObject threw/,
  ],
  ['returns nothing', fires(undefined), /onObject to return a list of firings, got a value of type undefined/],
  [
    'returns a promise that is rejected',
    fires(Promise.reject(new Error('late'))),
    /to return a list of firings, got a value of type object/,
  ],
  ['returns no firings', fires([null]), /firings that have a list of objects, got a value of type undefined/],
  ['fires with an object that it was not given', fires([{ objects: [stranger] }]), /with objects that came to the trigger/],
  ['cannot say whether to start', fires([{ objects: [], start: 'no' }]), /firings whose start is a boolean, got a value of type string/],
  ['fires with holes', fires([{ objects: new Array(2) }]), /with objects that came to the trigger/],
  ['is nothing', undefined, /the factory to return a trigger, got a value of type undefined/],
  ['lacks onObject', {}, /a method onObject, got a value of type undefined/],
  ['has a time and no use for it', { onObject: () => [], dueMs: () => 1 }, /a method onTime or overdue beside dueMs/],
  [
    'names no sources and wants to know of their starts',
    { onObject: () => [], onSourceStarted: () => {} },
    /no method onSourceStarted, which is called where the trigger's definition names sources alone/,
  ],
  ['names no sources and wants to run them again', { onObject: () => [], overdue: () => [] }, /no method overdue, which is called where/],
];

for (const [fault, trigger, message] of FAULTS) {
  test(`a custom trigger that ${fault} fails with TRIGGER_FAILED`, (t) => {
    const error = t.throws(() => custom(trigger).onObject(object(), 0), { instanceOf: PheromoneError });
    t.is(error.code, 'TRIGGER_FAILED');
    t.regex(error.message, message);
    t.regex(error.message, /^trigger "t": /);
  });
}

test('a factory that throws fails with TRIGGER_FAILED', (t) => {
  const create = () =>
    new CustomTrigger(
      't',
      () => {
        throw new Error('broken');
      },
      { config: undefined, session: 1, sources: [] },
    );
  t.like(t.throws(create), { code: 'TRIGGER_FAILED', message: 'trigger "t": factory threw: broken' });
});

test('a custom trigger whose time does not move on fails, so that the node does not call it for ever', (t) => {
  const trigger = custom({ onObject: () => [], onTime: () => [], dueMs: () => 5 });
  t.like(
    t.throws(() => trigger.onTime(5)),
    { code: 'TRIGGER_FAILED', message: 'trigger "t": expected dueMs to be later than 5 after onTime(5), got 5' },
  );
});

test('a custom trigger whose time is no number fails with TRIGGER_FAILED', (t) => {
  t.like(
    t.throws(() => custom({ onObject: () => [], onTime: () => [], dueMs: () => Number.NaN }).dueMs()),
    { code: 'TRIGGER_FAILED' },
  );
});

/** A trigger with sources that was told of invocation 4 of one, and that has `reruns` run again. */
function retrying(reruns: unknown, more: Partial<Trigger> = {}): CustomTrigger {
  const trigger = custom({ onObject: () => [], onSourceStarted: () => {}, overdue: () => reruns, dueMs: () => undefined, ...more }, ['f']);
  trigger.onSourceStarted(STARTED, 0);
  return trigger;
}

const STARTED: StartedSource = { session: 1, invocation: 4, first: 4, fn: 'f', inputs: [] };

test('a custom trigger has an invocation that it was told of run again, also more than once', (t) => {
  const trigger = retrying([STARTED, STARTED]);
  const again = { session: 1, invocation: 4 };
  t.deepEqual(trigger.overdue(9), [again, again]);
  t.deepEqual(trigger.overdue(10), [again, again]);
});

test('a custom trigger without overdue has nothing run again', (t) => {
  const trigger = custom({ onObject: () => [], onSourceStarted: () => {} }, ['f']);
  trigger.onSourceStarted(STARTED, 0);
  t.deepEqual(trigger.overdue(9), []);
  t.deepEqual(trigger.onTime(9), []);
});

const OVERDUE_FAULTS: readonly (readonly [string, () => unknown, RegExp])[] = [
  ['returns nothing', () => retrying(undefined).overdue(9), /overdue to return a list of invocations, got a value of type undefined/],
  [
    'names an invocation that it was not told of',
    () => retrying([{ session: 1, invocation: 5 }]).overdue(9),
    /overdue to return invocations that the trigger was told of, got 5/,
  ],
  ['names one of another session', () => retrying([{ session: 2, invocation: 4 }]).overdue(9), /that the trigger was told of, got 4/],
  ['returns holes', () => retrying(new Array(1)).overdue(9), /that the trigger was told of, got a value of type undefined/],
  ['does not move on', () => retrying([], { dueMs: () => 9 }).overdue(9), /dueMs to be later than 9 after overdue\(9\), got 9/],
  ['runs sources again at no time', () => retrying([], { dueMs: undefined as never }), /a method dueMs beside overdue/],
  ['has no way to know of sources', () => retrying([], { onSourceStarted: undefined as never }), /a method onSourceStarted beside overdue/],
  ['is told of starts and returns a promise', () => retrying([], { onSourceStarted: async () => {} }), /onSourceStarted to return nothing/],
];

for (const [fault, use, message] of OVERDUE_FAULTS) {
  test(`a custom trigger with sources that ${fault} fails with TRIGGER_FAILED`, (t) => {
    const error = t.throws(use, { instanceOf: PheromoneError });
    t.is(error.code, 'TRIGGER_FAILED');
    t.regex(error.message, message);
  });
}

test('a custom trigger with a time for both may move on in overdue, which is called last', (t) => {
  let dueMs: number | undefined = 5;
  const overdue = () => {
    dueMs = undefined;
    return [];
  };
  const trigger = retrying([], { onTime: () => [], overdue, dueMs: () => dueMs });
  t.deepEqual(trigger.onTime(5), []);
  t.deepEqual(trigger.overdue(5), []);
});
