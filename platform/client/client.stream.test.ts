import { getEventListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import type { PheromoneError } from '../core/errors.ts';
import { WIRE_LIMITS } from '../wire/limits.ts';
import type { ClientMessage } from '../wire/messages.ts';
import { spanOf } from '../wire/testing/spans.ts';
import type { SubscribeOptions } from './subscription.ts';
import { type Behaviour, clientOf, failsWith } from './testing.ts';

/** A node that accepts everything and gives what it is fed out to every subscription that is open. */
function stream(): { seen: ClientMessage[]; behave: Behaviour } {
  const seen: ClientMessage[] = [];
  const open = new Set<number>();
  return {
    seen,
    behave(message, payload, connection) {
      seen.push(message);
      if (message.type === 'subscribe') open.add(message.id);
      else if (message.type === 'unsubscribe') open.delete(message.subscription);
      else if (message.type === 'feed') {
        const outputs = [{ source: message.fn, key: '', group: '', size: payload.length }];
        for (const subscription of open) connection.send({ type: 'event', subscription, outputs, spans: [] }, payload);
      }
      if (message.type !== 'cancel') connection.send({ type: 'done', id: message.id });
    },
  };
}

/** Listeners, and what they were told: the first byte of an output, the code of a fault. */
function notes(): { told: (number | string | undefined)[]; listeners: SubscribeOptions } {
  const told: (number | string | undefined)[] = [];
  return {
    told,
    listeners: { onOutput: ({ outputs }) => told.push(outputs[0]?.bytes[0]), onFault: ({ code }) => told.push(code) },
  };
}

test('events that are fed go to their functions, and feed resolves once the node has accepted one', async (t) => {
  const fed: [ClientMessage, Uint8Array][] = [];
  const accepts: (() => void)[] = [];
  const both = Promise.withResolvers<void>();
  const client = await clientOf(t, (message, payload, connection) => {
    fed.push([message, payload]);
    accepts.push(() => connection.send({ type: 'done', id: message.id }));
    if (fed.length === 2) both.resolve();
  });
  const accepted: number[] = [];
  const large = new Uint8Array(new SharedArrayBuffer(WIRE_LIMITS.copyBytes + 1)).fill(7);
  const first = client.feed('a', 'f', Uint8Array.of(1, 2)).then(() => accepted.push(1));
  const second = client.feed('a', 'g', large, { deadlineMs: 50_000 }).then(() => accepted.push(2));
  await both.promise;
  accepts[1]?.();
  await second;
  t.deepEqual(accepted, [2]);
  accepts[0]?.();
  await first;
  t.deepEqual(
    fed.map(([message]) => message),
    [
      { type: 'feed', id: 1, app: 'a', fn: 'f', deadlineMs: undefined },
      { type: 'feed', id: 2, app: 'a', fn: 'g', deadlineMs: 50_000 },
    ],
  );
  t.is(Buffer.compare(Buffer.concat(fed.map(([, payload]) => payload)), Buffer.concat([Uint8Array.of(1, 2), large])), 0);
});

test('an event that the node refuses rejects with its code', async (t) => {
  const client = await clientOf(t, ({ id }, _, connection) => {
    connection.send({ type: 'failed', id, code: 'OVERLOADED', message: 'too many sessions' });
  });
  await failsWith(t, client.feed('a', 'f', new Uint8Array(1)), 'OVERLOADED', /^too many sessions$/);
});

test('an event that the node neither accepts nor refuses is given up, by its deadline or without one', async (t) => {
  const cancelled = Promise.withResolvers<number>();
  const client = await clientOf(
    t,
    ({ type, id }) => {
      if (type === 'cancel') cancelled.resolve(id);
    },
    { requestTimeoutMs: 2 },
  );
  const input = new Uint8Array(1);
  await failsWith(
    t,
    client.feed('a', 'f', input, { deadlineMs: 1 }),
    'DEADLINE_EXCEEDED',
    /^feed 1: expected an answer within 1 ms, got none$/,
  );
  t.is(await cancelled.promise, 1);
  await failsWith(t, client.feed('a', 'f', input), 'DEADLINE_EXCEEDED', /^feed 2: expected an answer within 2 ms, got none$/);
});

test('a signal gives up what is fed before and after it is accepted, and keeps it from being sent once it has fired', async (t) => {
  const { seen, behave } = stream();
  const client = await clientOf(t, (message, payload, connection) => {
    if (message.type === 'feed' && message.fn === 'slow') seen.push(message);
    else behave(message, payload, connection);
  });
  const controller = new AbortController();
  const { signal } = controller;
  const input = new Uint8Array(1);
  await client.feed('a', 'f', input, { signal, deadlineMs: 60_000 });
  const waiting = client.feed('a', 'slow', input, { signal });
  controller.abort();
  await failsWith(t, waiting, 'CANCELLED', /^feed 2: cancelled by the caller$/);
  await failsWith(t, client.feed('a', 'f', input, { signal }), 'CANCELLED', /had fired before/);
  await client.feed('a', 'f', input);
  t.deepEqual(
    seen.map(({ type, ...rest }) => `${type} ${'id' in rest ? rest.id : ''}`),
    ['feed 1', 'feed 2', 'cancel 1', 'cancel 2', 'feed 4'],
  );
});

test('a signal keeps nothing of an accepted event whose deadline has passed, nor of one that was refused', async (t) => {
  const { seen, behave } = stream();
  const client = await clientOf(t, (message, payload, connection) => {
    if (message.type === 'feed' && message.fn === 'bad') {
      connection.send({ type: 'failed', id: message.id, code: 'UNKNOWN_FUNCTION', message: 'none such' });
    } else behave(message, payload, connection);
  });
  const controller = new AbortController();
  const { signal } = controller;
  await client.feed('a', 'f', new Uint8Array(1), { signal, deadlineMs: 1_000 });
  await failsWith(t, client.feed('a', 'bad', new Uint8Array(1), { signal }), 'UNKNOWN_FUNCTION', /none such/);
  for (let turn = 0; getEventListeners(signal, 'abort').length > 0 && turn < 1_000; turn++) await delay(10);
  t.is(getEventListeners(signal, 'abort').length, 0);
  controller.abort();
  await client.feed('a', 'f', new Uint8Array(1));
  t.deepEqual(
    seen.map(({ type }) => type),
    ['feed', 'feed'],
  );
});

test('a subscriber gets all outputs and spans of a session, in memory of its own', async (t) => {
  const client = await clientOf(t, (message, _, connection) => {
    if (message.type !== 'subscribe') return;
    t.deepEqual(message, { type: 'subscribe', id: message.id, app: 'a', trace: message.id === 1 });
    connection.send({ type: 'done', id: message.id });
    const outputs = [
      { source: 'f', key: 'k', group: 'g', size: 1 },
      { source: 'h', key: '', group: '', size: 2 },
    ];
    const spans = [spanOf('f', 1, 2)];
    connection.send({ type: 'event', subscription: message.id, outputs, spans }, Uint8Array.of(1, 2, 3));
  });
  const results: unknown[] = [];
  for (const trace of [true, undefined]) {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    await client.subscribe('a', {
      ...(trace && { trace }),
      onOutput(result) {
        resolve(structuredClone(result));
        for (const { bytes } of result.outputs) {
          t.is(bytes.buffer.byteLength, bytes.length);
          bytes.fill(9);
        }
      },
    });
    results.push(await promise);
  }
  const expected = {
    outputs: [
      { source: 'f', key: 'k', group: 'g', bytes: Uint8Array.of(1) },
      { source: 'h', key: '', group: '', bytes: Uint8Array.of(2, 3) },
    ],
    spans: [spanOf('f', 1, 2)],
  };
  t.deepEqual(results, [expected, expected]);
});

test('subscriptions are told apart, and one that is closed is told no more', async (t) => {
  const { seen, behave } = stream();
  const client = await clientOf(t, behave);
  const [first, second] = [notes(), notes()];
  const closing = await client.subscribe('a', first.listeners);
  const staying = await client.subscribe('a', second.listeners);
  await client.feed('a', 'f', Uint8Array.of(1));
  const late = client.feed('a', 'f', Uint8Array.of(2));
  await Promise.all([closing.close(), closing.close(), late]);
  await client.feed('a', 'f', Uint8Array.of(3));
  await staying.close();
  t.deepEqual(first.told, [1]);
  t.deepEqual(second.told, [1, 2, 3]);
  t.deepEqual(
    seen.filter(({ type }) => type === 'unsubscribe').map((message) => 'subscription' in message && message.subscription),
    [1, 2],
  );
});

test('a subscriber that closes as it is told gets nothing that came in the same chunk', async (t) => {
  const client = await clientOf(t, (message, _, connection) => {
    connection.send({ type: 'done', id: message.id });
    const fault = { type: 'fault', subscription: message.id, code: 'FUNCTION_FAILED', message: 'f: threw' } as const;
    if (message.type === 'feed') for (let i = 0; i < 3; i++) connection.send({ ...fault, subscription: 1 });
  });
  const faults: PheromoneError[] = [];
  const subscription = await client.subscribe('a', {
    onOutput: () => t.fail(),
    onFault(error) {
      faults.push(error);
      void subscription.close();
    },
  });
  await client.feed('a', 'f', new Uint8Array(1));
  await subscription.close();
  t.deepEqual(
    faults.map(({ code, message }) => [code, message]),
    [['FUNCTION_FAILED', 'f: threw']],
  );
});

test('subscribers learn once, and last, that the connection has ended', async (t) => {
  const client = await clientOf(t, (message, _, connection) => {
    if (message.type === 'subscribe') {
      connection.send({ type: 'done', id: message.id });
      connection.send({ type: 'fault', subscription: message.id, code: 'CANCELLED', message: 'given up' });
    } else connection.destroy();
  });
  const [first, second] = [notes(), notes()];
  const subscription = await client.subscribe('a', first.listeners);
  await client.subscribe('b', second.listeners);
  await failsWith(t, client.status(), 'DISCONNECTED', /connection/);
  await client.close();
  await subscription.close();
  t.deepEqual([first.told, second.told], Array(2).fill(['CANCELLED', 'DISCONNECTED']));
});

test('closing the client is the end of the connection for its subscribers, too, save for those that closed before', async (t) => {
  const client = await clientOf(t, stream().behave);
  const faults: PheromoneError[] = [];
  const { told, listeners } = notes();
  await client.subscribe('a', { onOutput: () => t.fail(), onFault: (error) => faults.push(error) });
  const silent = await client.subscribe('a', listeners);
  const closed = silent.close();
  await client.close();
  await closed;
  t.deepEqual(
    faults.map(({ code, message }) => [code, message]),
    [['DISCONNECTED', 'subscription to app a: ended by the client was closed']],
  );
  t.deepEqual(told, []);
});

test('a subscription that the node refuses rejects, and is told of nothing', async (t) => {
  const client = await clientOf(t, ({ id }, _, connection) => {
    connection.send({ type: 'failed', id, code: 'UNKNOWN_APP', message: 'no app x' });
    connection.send({ type: 'fault', subscription: id, code: 'CANCELLED', message: 'given up' });
  });
  const { told, listeners } = notes();
  await failsWith(t, client.subscribe('x', listeners), 'UNKNOWN_APP', /^no app x$/);
  await client.close();
  t.deepEqual(told, []);
});

test('a subscription that the node does not answer is given up, and its late answer changes nothing', async (t) => {
  const unsubscribed = Promise.withResolvers<number>();
  const client = await clientOf(
    t,
    (message, _, connection) => {
      if (message.type !== 'unsubscribe') return;
      connection.send({ type: 'done', id: message.subscription });
      connection.send({ type: 'fault', subscription: message.subscription, code: 'CANCELLED', message: 'given up' });
      unsubscribed.resolve(message.subscription);
    },
    { requestTimeoutMs: 1 },
  );
  const { told, listeners } = notes();
  await failsWith(t, client.subscribe('a', listeners), 'DEADLINE_EXCEEDED', /^subscribe 1: expected an answer within 1 ms, got none$/);
  t.is(await unsubscribed.promise, 1);
  await failsWith(t, client.status(), 'DEADLINE_EXCEEDED', /^status 3/);
  await client.close();
  t.deepEqual(told, []);
});

test('what a listener throws is reported as uncaught and ends neither its subscription nor the connection', async (t) => {
  const client = await clientOf(t, stream().behave);
  const uncaught: unknown[] = [];
  process.setUncaughtExceptionCaptureCallback((error) => uncaught.push(error));
  t.teardown(() => process.setUncaughtExceptionCaptureCallback(null));
  let told = 0;
  await client.subscribe('a', {
    onOutput() {
      told += 1;
      if (told === 1) throw new RangeError('no such thing');
    },
  });
  for (let event = 0; event < 3; event++) await client.feed('a', 'f', Uint8Array.of(event));
  t.is(told, 3);
  t.deepEqual(uncaught.map(String), ['RangeError: no such thing']);
});

test('what could not be fed or subscribed to rejects with INVALID_ARGUMENT and leaves the connection as it was', async (t) => {
  const client = await clientOf(t, stream().behave);
  const input = new Uint8Array(1);
  const onOutput = (): void => {};
  const wrong: [Promise<unknown>, RegExp][] = [
    [
      client.feed('a', undefined as never, input),
      /^app and function: expected names of at most 128 characters, got a string of length 1 and undefined$/,
    ],
    [client.feed('a', 'f', [1] as never), /^input: expected a Uint8Array, got object$/],
    [client.feed('a', 'f', input, { deadlineMs: Number.NaN }), /^deadlineMs: expected a finite number above 0, got NaN$/],
    [client.subscribe(5 as never, { onOutput }), /^app: expected a name of at most 128 characters, got 5$/],
    [client.subscribe('a', {} as never), /^onOutput: expected a function, got undefined$/],
    [client.subscribe('a', { onOutput, onFault: 'log' as never }), /^onFault: expected a function, got string$/],
    [client.subscribe('a', { onOutput, trace: 1 as never }), /^trace: expected a boolean, got number$/],
  ];
  for (const [promise, message] of wrong) await failsWith(t, promise, 'INVALID_ARGUMENT', message);
  await client.feed('a', 'f', input);
  t.pass();
});
