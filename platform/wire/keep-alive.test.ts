import { once } from 'node:events';
import { connect as connectSocket, createServer, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { type ClientConnection, NODE_SIDE, type NodeConnection } from './client-protocol.ts';
import { PREFIX_BYTES } from './codec.ts';
import { WIRE_LIMITS } from './limits.ts';
import type { Call } from './messages.ts';
import { dialling, HOST, listening } from './testing/greeting.ts';

const TIMES = { intervalMs: 20, timeoutMs: 100 };
const callOf = (id: number): Call => ({ type: 'call', id, app: 'a', fn: 'f', answer: 'first', deadlineMs: undefined, trace: false });
const pauseMs = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Line {
  readonly node: ClientConnection;
  readonly client: NodeConnection;
  /** Bytes that went from the client to the node since the greeting. */
  sentBytes(): number;
  /** From now on nothing gets through, in neither direction, and nobody is told. */
  cut(): void;
}

/** A connection through a line that can be cut without an end of the connection. */
async function line(t: ExecutionContext): Promise<Line> {
  const accepted = Promise.withResolvers<ClientConnection>();
  const port = await listening(t, (_, speak) => accepted.resolve(speak(NODE_SIDE)));
  const ends: Socket[] = [];
  let bytes = 0;
  const between = createServer((near) => {
    const far = connectSocket(port, HOST);
    ends.push(near, far);
    near.on('data', (chunk) => {
      bytes += chunk.length;
    });
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on('error', () => {});
  }).listen(0, HOST);
  await once(between, 'listening');
  t.teardown(() => {
    between.close();
    for (const end of ends) end.destroy();
  });
  const { connection: client } = await dialling(t, (between.address() as { port: number }).port);
  const greetingBytes = bytes;
  return {
    node: await accepted.promise,
    client,
    sentBytes: () => bytes - greetingBytes,
    cut() {
      for (const end of ends) end.unpipe().pause();
    },
  };
}

test('an end that is cut off while something is awaited from it is noticed', async (t) => {
  const { node, client, cut } = await line(t);
  node.onMessage(() => {});
  client.onMessage(() => {});
  client.keepAlive({ ...TIMES, isBusy: () => true });
  const ended = new Promise<Error | undefined>((resolve) => client.onClose(resolve));
  client.send(callOf(1));
  cut();
  const error = await ended;
  t.like(error, { code: 'DISCONNECTED', message: 'connection lost: expected a sign of life within 100 ms, got none' });
});

test('an end that takes long but lives is not given up', async (t) => {
  const { node, client, sentBytes } = await line(t);
  const asked = Promise.withResolvers<void>();
  node.onMessage(() => asked.resolve());
  const answered = new Promise<void>((resolve) => client.onMessage(() => resolve()));
  client.onClose((error) => t.fail(error?.message));
  t.teardown(() => client.onClose(() => {}));
  let isBusy = true;
  client.keepAlive({ intervalMs: 50, timeoutMs: 5_000, isBusy: () => isBusy });
  client.send(callOf(1));
  await asked.promise;
  const before = sentBytes();
  for (let i = 0; i < 500 && sentBytes() < before + 3 * PREFIX_BYTES; i++) await pauseMs(20);
  t.true(sentBytes() >= before + 3 * PREFIX_BYTES, 'it has been asked several times');
  node.send({ type: 'done', id: 1 });
  await answered;
  isBusy = false;
});

test('where nothing is awaited nothing is sent', async (t) => {
  const { node, client, sentBytes } = await line(t);
  const asked = Promise.withResolvers<void>();
  node.onMessage(() => asked.resolve());
  client.onMessage(() => {});
  client.keepAlive({ intervalMs: 5, timeoutMs: 15, isBusy: () => false });
  client.send(callOf(1));
  await asked.promise;
  const before = sentBytes();
  await pauseMs(200);
  t.is(sentBytes(), before);
});

test('an end that hears nothing but a long message tells that it is there', async (t) => {
  const { node, client, sentBytes } = await line(t);
  node.onMessage(() => {});
  const received = new Promise<void>((resolve) => client.onMessage(() => resolve()));
  const size = 3 * WIRE_LIMITS.silentBytes;
  node.send({ type: 'result', id: 1, outputs: [{ source: 'f', key: '', group: '', size }], spans: [] }, new Uint8Array(size));
  await received;
  for (let i = 0; i < 500 && sentBytes() === 0; i++) await pauseMs(10);
  t.true(sentBytes() >= PREFIX_BYTES);
});
