import test from 'ava';
import { WIRE_LIMITS } from '../wire/limits.ts';
import type { Call, ClientMessage } from '../wire/messages.ts';
import { spanOf } from '../wire/testing/spans.ts';
import { app, clientOf, echo, echoing, failsWith } from './testing.ts';

test('a call resolves with its outputs, its key, group and source', async (t) => {
  const client = await clientOf(t, (message, payload, connection) => {
    if (message.type !== 'call') return;
    t.deepEqual(message, { type: 'call', id: message.id, app: 'a', fn: 'f', answer: 'all', deadlineMs: 5_000, trace: true });
    const outputs = [
      { source: 'f', key: 'k', group: 'g', size: 1 },
      { source: 'h', key: '', group: '', size: 2 },
    ];
    connection.send({ type: 'result', id: message.id, outputs, spans: [spanOf('f', 1, 2)] }, payload);
  });
  t.is(client.pid, process.pid);
  const result = await client.call('a', 'f', Uint8Array.of(1, 2, 3), { answer: 'all', deadlineMs: 5_000, trace: true });
  t.deepEqual(result, {
    outputs: [
      { source: 'f', key: 'k', group: 'g', bytes: Uint8Array.of(1) },
      { source: 'h', key: '', group: '', bytes: Uint8Array.of(2, 3) },
    ],
    spans: [spanOf('f', 1, 2)],
  });
});

test('a thousand calls under way each get their own answer, in whatever order these come', async (t) => {
  const waiting: [Call, Uint8Array][] = [];
  const client = await clientOf(t, (message, payload, connection) => {
    if (message.type !== 'call') return;
    waiting.push([message, payload]);
    if (waiting.length === 1_000) for (const [call, input] of waiting.reverse()) echo(call, input, connection);
  });
  const inputs = Array.from({ length: 1_000 }, (_, at) => new Uint8Array(Uint32Array.of(at).buffer));
  const results = await Promise.all(inputs.map((input) => client.call('a', 'f', input)));
  t.deepEqual(
    results.map(({ outputs }) => outputs[0]?.bytes),
    inputs,
  );
});

test('inputs and outputs of many sizes come back whole, from shared memory, too', async (t) => {
  const client = await clientOf(t, echoing);
  for (const size of [0, 1, WIRE_LIMITS.copyBytes, WIRE_LIMITS.copyBytes + 1, 3_000_000]) {
    const input = new Uint8Array(new SharedArrayBuffer(size)).fill(size % 251);
    const { outputs } = await client.call('a', 'f', input);
    t.is(Buffer.compare(outputs[0]!.bytes, input), 0);
  }
});

test("an output is the caller's own: writing to it changes no other, and it lies in no shared memory", async (t) => {
  const client = await clientOf(t, echoing);
  for (const size of [8, 1_000_000]) {
    const input = new Uint8Array(size);
    const [first, second] = await Promise.all([client.call('a', 'f', input), client.call('a', 'f', input)]);
    const own = first.outputs[0]!.bytes;
    t.is(own.buffer.byteLength, size);
    own.fill(1);
    t.true(second.outputs[0]!.bytes.every((byte) => byte === 0));
  }
});

test('what the node reports rejects the call with its code and message', async (t) => {
  const client = await clientOf(t, (message, _, connection) => {
    if (message.type === 'call') connection.send({ type: 'failed', id: message.id, code: 'FUNCTION_FAILED', message: 'f: threw' });
  });
  await failsWith(t, client.call('a', 'f', new Uint8Array(1)), 'FUNCTION_FAILED', /^f: threw$/);
});

test('a cancelled run rejects at once, tells the node, and its late answer changes nothing', async (t) => {
  const calls: Call[] = [];
  const cancelled = Promise.withResolvers<number>();
  const client = await clientOf(t, (message, payload, connection) => {
    if (message.type === 'call' && message.fn === 'slow') calls.push(message);
    else if (message.type === 'call') echo(message, payload, connection);
    else if (message.type === 'cancel') {
      for (const call of calls) echo(call, new Uint8Array(1), connection);
      cancelled.resolve(message.id);
    }
  });
  const run = client.start('a', 'slow', new Uint8Array(1));
  run.cancel();
  run.cancel();
  await failsWith(t, run.result, 'CANCELLED', /cancelled by the caller/);
  t.deepEqual(
    [await cancelled.promise],
    calls.map(({ id }) => id),
  );
  t.is((await client.call('a', 'f', Uint8Array.of(9))).outputs[0]?.bytes[0], 9);
});

test('a signal cancels its call, and one that has fired already keeps the call from being sent', async (t) => {
  const seen: string[] = [];
  const client = await clientOf(t, (message, payload, connection) => {
    seen.push(message.type);
    if (message.type === 'call' && message.fn === 'f') echo(message, payload, connection);
  });
  const controller = new AbortController();
  const { signal } = controller;
  const call = client.call('a', 'slow', new Uint8Array(1), { signal });
  controller.abort();
  await failsWith(t, call, 'CANCELLED', /cancelled by the caller/);
  await failsWith(t, client.call('a', 'slow', new Uint8Array(1), { signal }), 'CANCELLED', /had fired before/);
  await client.call('a', 'f', new Uint8Array(1));
  t.deepEqual(seen, ['call', 'cancel', 'call']);
});

test('a signal that fires after the answer does nothing', async (t) => {
  const seen: string[] = [];
  const client = await clientOf(t, (message, payload, connection) => {
    seen.push(message.type);
    echoing(message, payload, connection);
  });
  const controller = new AbortController();
  await client.call('a', 'f', new Uint8Array(1), { signal: controller.signal, deadlineMs: 60_000 });
  controller.abort();
  await client.call('a', 'f', new Uint8Array(1));
  t.deepEqual(seen, ['call', 'call']);
});

test('a node that does not keep to a deadline is given up', async (t) => {
  const cancelled = Promise.withResolvers<ClientMessage>();
  const client = await clientOf(t, (message) => {
    if (message.type === 'cancel') cancelled.resolve(message);
  });
  await failsWith(t, client.call('a', 'f', new Uint8Array(1), { deadlineMs: 1 }), 'DEADLINE_EXCEEDED', /within 1 ms, got none/);
  await cancelled.promise;
});

test('the loss of the connection rejects everything under way and everything after it', async (t) => {
  const client = await clientOf(t, (message, _, connection) => {
    if (message.type === 'call' && message.fn === 'last') connection.destroy();
  });
  const all = [
    client.call('a', 'f', new Uint8Array(1)),
    client.register(app),
    client.status(),
    client.call('a', 'last', new Uint8Array(1)),
  ];
  for (const promise of all) await failsWith(t, promise, 'DISCONNECTED', /connection/);
  t.is((await client.ended).code, 'DISCONNECTED');
  await failsWith(t, client.call('a', 'f', new Uint8Array(1)), 'DISCONNECTED', /connection/);
  await failsWith(t, client.status(), 'DISCONNECTED', /connection/);
});

test('closing rejects what is under way with CANCELLED, and a second close is none', async (t) => {
  const client = await clientOf(t, () => {});
  const call = client.call('a', 'f', new Uint8Array(1));
  const closed = client.close();
  await failsWith(t, call, 'CANCELLED', /the client was closed/);
  await Promise.all([closed, client.close()]);
  await failsWith(t, client.register(app), 'CANCELLED', /the client was closed/);
});

test('what could not be sent rejects with INVALID_ARGUMENT and leaves the connection as it was', async (t) => {
  const client = await clientOf(t, echoing);
  const input = new Uint8Array(1);
  const wrong: [Promise<unknown>, RegExp][] = [
    [
      client.call(undefined as never, 'f', input),
      /^app and function: expected names of at most 128 characters, got undefined and a string of length 1$/,
    ],
    [client.call('a', 'f', 'text' as never), /^input: expected a Uint8Array, got string$/],
    [client.call('a', 'f', input, { answer: 'some' as never }), /^answer: expected "first" or "all", got some$/],
    [client.call('a', 'f', input, { deadlineMs: 0 }), /^deadlineMs: expected a finite number above 0, got 0$/],
    [client.call('a', 'f', input, { trace: 1 as never }), /^trace: expected a boolean, got number$/],
    [client.register({ ...app, functions: [() => {}] as never }), /^app a: expected a definition that can be cloned/],
  ];
  for (const [promise, message] of wrong) await failsWith(t, promise, 'INVALID_ARGUMENT', message);
  t.is((await client.call('a', 'f', input)).outputs.length, 1);
});
