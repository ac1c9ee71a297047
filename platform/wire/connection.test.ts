import test, { type ExecutionContext } from 'ava';
import { PheromoneError } from '../core/errors.ts';
import { CLIENT_SIDE, type ClientConnection, NODE_SIDE, type NodeConnection } from './client-protocol.ts';
import type { Protocol } from './connection.ts';
import { dial, listen } from './greeting.ts';
import { WIRE_LIMITS } from './limits.ts';
import type { Call, ClientMessage, NodeMessage } from './messages.ts';

/** Both ends of a connection, gone when the test is over. */
async function pair(
  t: ExecutionContext,
  nodeSide: Protocol<NodeMessage, ClientMessage> = NODE_SIDE,
): Promise<{ node: ClientConnection; client: NodeConnection }> {
  const accepted = Promise.withResolvers<ClientConnection>();
  const address = { host: '127.0.0.1', port: 0, self: { role: 'worker', name: 'node' } } as const;
  const listener = await listen({ ...address, accept: (_, speak) => accepted.resolve(speak(nodeSide)) });
  t.teardown(listener.close);
  const self = { role: 'client', name: '' } as const;
  const { connection: client } = await dial({ ...address, port: listener.port, self, protocol: CLIENT_SIDE });
  t.teardown(() => client.destroy());
  return { node: await accepted.promise, client };
}

const callOf = (id: number): Call => ({ type: 'call', id, app: 'a', fn: 'f', answer: 'first', deadlineMs: undefined, trace: false });

/** Bytes that differ from place to place and from frame to frame. */
function patterned(size: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at++) bytes[at] = at * 31 + seed * 7;
  return bytes;
}

/** Resolves with the first `count` messages and copies of their payloads. */
function received(connection: ClientConnection, count: number): Promise<[ClientMessage, Uint8Array][]> {
  return new Promise((resolve) => {
    const seen: [ClientMessage, Uint8Array][] = [];
    connection.onMessage((message, payload) => {
      seen.push([message, new Uint8Array(payload)]);
      if (seen.length === count) resolve(seen);
    });
  });
}

/** Compares bytes; a deep comparison of megabytes takes seconds. */
const isSame = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a !== undefined && b !== undefined && Buffer.compare(a, b) === 0;

const closed = (connection: ClientConnection | NodeConnection): Promise<PheromoneError | undefined> =>
  new Promise((resolve) => connection.onClose(resolve));

test('payloads of every size arrive whole and in order', async (t) => {
  const { node, client } = await pair(t);
  const { copyBytes } = WIRE_LIMITS;
  const payloads = [0, 1, copyBytes - 1, copyBytes, copyBytes + 1, 5_000_000, 3].map(patterned);
  const all = received(node, payloads.length);
  for (const [id, payload] of payloads.entries()) client.send(callOf(id), payload);
  for (const [id, [message, payload]] of (await all).entries()) {
    t.deepEqual(message, callOf(id));
    t.true(isSame(payload, payloads[id]));
  }
});

test('the parts of a payload arrive one after the other', async (t) => {
  const { node, client } = await pair(t);
  const all = received(node, 1);
  const parts = [patterned(10, 1), patterned(200_000, 2), patterned(0, 3), patterned(20, 4)];
  client.send(callOf(1), parts);
  t.true(isSame((await all)[0]?.[1], Buffer.concat(parts)));
});

test('the memory of a payload, shared or not, may be reused as soon as send returns', async (t) => {
  const { node, client } = await pair(t);
  const sizes = [100, WIRE_LIMITS.copyBytes + 100];
  const all = received(node, 2 * sizes.length);
  const expected: Uint8Array[] = [];
  for (const [id, size] of sizes.entries()) {
    for (const memory of [new Uint8Array(size), new Uint8Array(new SharedArrayBuffer(size))]) {
      memory.set(patterned(size, id));
      expected.push(patterned(size, id));
      client.send(callOf(id), memory);
      memory.fill(0xff);
    }
  }
  for (const [at, [, payload]] of (await all).entries()) t.true(isSame(payload, expected[at]));
});

test("a kept payload is the sender's again when sent is called, and has arrived whole", async (t) => {
  const { node, client } = await pair(t);
  const all = received(node, 1);
  const memory = new Uint8Array(new SharedArrayBuffer(8_000_000));
  memory.set(patterned(memory.length, 1));
  let isSent = false;
  await new Promise<void>((resolve) => {
    const sent = () => {
      isSent = true;
      resolve();
    };
    client.send(callOf(1), [memory, patterned(5, 2)], { keep: true, sent });
    t.false(isSent);
  });
  memory.fill(0xff);
  t.true(isSame((await all)[0]?.[1], Buffer.concat([patterned(memory.length, 1), patterned(5, 2)])));
});

test('a kept payload is given back also when the connection is lost or was over', async (t) => {
  const { client } = await pair(t);
  const memory = new Uint8Array(50_000_000);
  const given = (): Promise<void> => new Promise((resolve) => client.send(callOf(1), memory, { keep: true, sent: resolve }));
  const first = given();
  client.destroy();
  await first;
  await given();
  t.pass();
});

test('messages sent in one turn leave with one write, and a single one leaves in its own turn', async (t) => {
  const { node, client } = await pair(t);
  const all = received(node, 100);
  for (let id = 0; id < 50; id++) client.send(callOf(id));
  await Promise.resolve();
  for (let id = 50; id < 100; id++) client.send(callOf(id));
  t.true(client.pendingBytes > 0);
  await new Promise((resolve) => process.nextTick(resolve));
  t.is(client.pendingBytes, 0);
  t.deepEqual(
    (await all).map(([message]) => message),
    Array.from({ length: 100 }, (_, id) => callOf(id)),
  );
});

test('a peer that does not read is seen in the pending bytes and gets everything once it reads', async (t) => {
  const { node, client } = await pair(t);
  const count = 400;
  for (let id = 0; id < count; id++) {
    client.send(callOf(id), patterned(50_000, id));
    await new Promise(setImmediate);
  }
  t.true(client.pendingBytes > 1_000_000);
  for (const [id, [message, payload]] of (await received(node, count)).entries()) {
    t.deepEqual(message, callOf(id));
    t.true(isSame(payload, patterned(50_000, id)));
  }
  t.is(client.pendingBytes, 0);
});

test('closing sends what is under way and ends both sides without an error', async (t) => {
  const { node, client } = await pair(t);
  const all = received(node, 2);
  client.send(callOf(1), patterned(3_000_000, 1));
  client.send(callOf(2));
  client.close();
  client.send(callOf(3));
  t.is((await all).length, 2);
  t.deepEqual(await Promise.all([closed(client), closed(node)]), [undefined, undefined]);
});

test('an end that came before its handler is told to it all the same', async (t) => {
  const { node, client } = await pair(t);
  node.destroy();
  await closed(client).then(() => closed(client));
  t.pass();
});

test('a peer that breaks the protocol is told why before the connection ends', async (t) => {
  const { node, client } = await pair(t);
  node.onMessage(() => {});
  const complaint = new Promise<NodeMessage>((resolve) => client.onMessage(resolve));
  client.send({ type: 'cancel', id: -1 });
  const message = 'cancel.id: expected a whole number from 0 up, got -1';
  t.deepEqual(await complaint, { type: 'failed', id: 0, code: 'BAD_MESSAGE', message });
  const error = await closed(node);
  t.is(error?.message, message);
});

test('a handler that throws ends its connection and no other', async (t) => {
  const { node, client } = await pair(t);
  node.onMessage(() => {
    throw new RangeError('no such thing');
  });
  const end = closed(node);
  client.send(callOf(1));
  const error = await end;
  t.is(error?.code, 'INTERNAL');
  t.regex(error?.message ?? '', /no such thing/);
});

test('a message too large to send throws and leaves the connection as it was', async (t) => {
  const { node, client } = await pair(t);
  const all = received(node, 1);
  const huge = new Array<Uint8Array>(1_100).fill(new Uint8Array(1_048_576));
  const error = t.throws(() => client.send(callOf(1), huge), { instanceOf: PheromoneError });
  t.is(error?.code, 'OBJECT_TOO_LARGE');
  client.send(callOf(2));
  t.deepEqual((await all)[0]?.[0], callOf(2));
});

test('a payload that does not come in one piece is gathered in the memory that the receiver gives', async (t) => {
  const memory = new Uint8Array(new SharedArrayBuffer(1_000_000));
  const asked: number[] = [];
  const room = (message: ClientMessage, payloadBytes: number): Uint8Array | undefined => {
    asked.push(payloadBytes);
    return message.type === 'call' && message.id === 2 ? memory : undefined;
  };
  const { node, client } = await pair(t, { ...NODE_SIDE, room });
  const payloads = [1, 2, 3].map((id) => patterned(1_000_000, id));
  const seen: { isGiven: boolean; isOwn: boolean; isSame: boolean }[] = [];
  await new Promise<void>((resolve) => {
    node.onMessage((_, payload, isOwn) => {
      seen.push({ isGiven: payload.buffer === memory.buffer, isOwn, isSame: isSame(payload, payloads[seen.length]) });
      if (seen.length === payloads.length) resolve();
    });
    for (const [at, payload] of payloads.entries()) client.send(callOf(at + 1), payload);
  });
  const [own, given] = [false, true].map((isGiven) => ({ isGiven, isOwn: true, isSame: true }));
  t.deepEqual(seen, [own, given, own]);
  t.deepEqual(asked, [1_000_000, 1_000_000, 1_000_000]);
});

test('of an end that asks and does not read the answers no more is read, until it does', async (t) => {
  const { node, client } = await pair(t, { ...NODE_SIDE, unreadBytes: 4_000_000 });
  const size = 50_000;
  const count = 400;
  let asked = 0;
  node.onMessage(() => {
    asked += 1;
    node.send({ type: 'result', id: asked, outputs: [{ source: 'f', key: '', group: '', size }], spans: [] }, new Uint8Array(size));
  });
  for (let id = 0; id < count; id++) {
    client.send(callOf(id), patterned(size, id));
    await new Promise(setImmediate);
  }
  await new Promise<void>((resolve) => {
    const waits = (seen: number): void => void setTimeout(() => (asked === seen && seen > 0 ? resolve() : waits(asked)), 50);
    waits(asked);
  });
  t.true(asked < count, `${asked} were read`);
  t.true(node.pendingBytes < 4_000_000 + 10 * size, `${node.pendingBytes} bytes wait`);
  await new Promise<void>((resolve) => {
    client.onMessage((message) => {
      if (message.type === 'result' && message.id === count) resolve();
    });
  });
  t.is(asked, count);
});
