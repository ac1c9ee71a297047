import { once } from 'node:events';
import { connect as connectSocket, createServer, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { type ErrorCode, PheromoneError } from '../core/errors.ts';
import { CLIENT_SIDE, NODE_SIDE } from './client-protocol.ts';
import { encodeHead, PREFIX_BYTES, writePrefix } from './codec.ts';
import { type Dialled, type DialOptions, dial, type ListenOptions, listen } from './greeting.ts';
import { GREETING_PROTOCOL, type GreetingMessage, type Peer, PROTOCOL_VERSION } from './greeting-messages.ts';
import type { Heads } from './heads.ts';
import type { ClientMessage, NodeMessage } from './messages.ts';

const HOST = '127.0.0.1';
const CLIENT = { role: 'client', name: 'c' } as const;
const NODE = { role: 'worker', name: 'n' } as const;
const STATUS: ClientMessage = { type: 'status', id: 1 };
const DONE: NodeMessage = { type: 'done', id: 1 };

type Accept = ListenOptions['accept'];

/** A listener that is gone when the test is over. */
async function listening(t: ExecutionContext, accept: Accept): Promise<number> {
  const { port, close } = await listen({ host: HOST, port: 0, self: NODE, accept });
  t.teardown(close);
  return port;
}

/** A listener that says what a test wants, and not what the greeting asks for. */
async function stranger(t: ExecutionContext, onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    t.teardown(() => socket.destroy());
    socket.on('error', () => {});
    onSocket(socket);
  }).listen(0, HOST);
  await once(server, 'listening');
  t.teardown(() => server.close());
  return (server.address() as { port: number }).port;
}

type Options = Partial<DialOptions<ClientMessage, NodeMessage>>;

async function dialling(t: ExecutionContext, port: number, options: Options = {}): Promise<Dialled<ClientMessage, NodeMessage>> {
  const dialled = await dial({ host: HOST, port, self: CLIENT, protocol: CLIENT_SIDE, ...options });
  t.teardown(() => dialled.connection.destroy());
  return dialled;
}

function frameOf<M>(heads: Heads<M>, message: M): Buffer {
  const head = encodeHead(heads, message, 0);
  const frame = Buffer.alloc(PREFIX_BYTES + head.length);
  writePrefix(frame, 0, head.length, 0);
  frame.set(head, PREFIX_BYTES);
  return frame;
}

const greeting = (message: GreetingMessage): Buffer => frameOf(GREETING_PROTOCOL.sends, message);
const welcome = greeting({ type: 'welcome', version: PROTOCOL_VERSION, ...NODE, pid: 1 });
const hello = greeting({ type: 'hello', version: PROTOCOL_VERSION, ...CLIENT, pid: 1 });

async function failsWith(t: ExecutionContext, promise: Promise<unknown>, code: ErrorCode, message: RegExp): Promise<void> {
  const error = await t.throwsAsync(promise, { instanceOf: PheromoneError, message });
  t.is(error?.code, code);
}

test('both ends learn who the other one is', async (t) => {
  const accepted = Promise.withResolvers<Peer>();
  const port = await listening(t, (peer, speak) => {
    speak(NODE_SIDE);
    accepted.resolve(peer);
  });
  const { peer } = await dialling(t, port);
  t.deepEqual(peer, { ...NODE, pid: process.pid });
  t.deepEqual(await accepted.promise, { ...CLIENT, pid: process.pid });
});

test('what comes in the same chunk as the welcome is kept until a handler is set', async (t) => {
  const port = await stranger(t, (socket) => {
    socket.once('data', () => socket.write(Buffer.concat([welcome, frameOf(NODE_SIDE.sends, DONE), frameOf(NODE_SIDE.sends, DONE)])));
  });
  const { connection } = await dialling(t, port);
  await new Promise(setImmediate);
  const seen: NodeMessage[] = [];
  await new Promise<void>((resolve) => {
    connection.onMessage((message) => {
      seen.push(message);
      if (seen.length === 2) resolve();
    });
  });
  t.deepEqual(seen, [DONE, DONE]);
});

test('what comes in the same chunk as the hello is kept until a handler is set', async (t) => {
  const received = Promise.withResolvers<ClientMessage>();
  const port = await listening(t, (_, speak) => {
    const connection = speak(NODE_SIDE);
    setImmediate(() => connection.onMessage(received.resolve));
  });
  const socket = connectSocket(port, HOST);
  t.teardown(() => socket.destroy());
  socket.write(Buffer.concat([hello, frameOf(CLIENT_SIDE.sends, STATUS)]));
  t.deepEqual(await received.promise, STATUS);
});

test('a handler that throws at a message that was kept ends the connection', async (t) => {
  const ended = Promise.withResolvers<PheromoneError | undefined>();
  const port = await listening(t, (_, speak) => {
    const connection = speak(NODE_SIDE);
    connection.onClose(ended.resolve);
    setImmediate(() => {
      connection.onMessage(() => {
        throw new RangeError('no such thing');
      });
    });
  });
  const socket = connectSocket(port, HOST);
  t.teardown(() => socket.destroy());
  socket.write(Buffer.concat([hello, frameOf(CLIENT_SIDE.sends, STATUS)]));
  t.is((await ended.promise)?.code, 'INTERNAL');
});

test('who is not accepted is told why', async (t) => {
  const port = await listening(t, () => {
    throw new PheromoneError('OVERLOADED', 'too many');
  });
  await failsWith(t, dialling(t, port), 'OVERLOADED', /^too many$/);
});

test('a node of another version is refused', async (t) => {
  const port = await stranger(t, (socket) => socket.end(greeting({ type: 'welcome', version: 99, ...NODE, pid: 1 })));
  await failsWith(t, dialling(t, port), 'BAD_MESSAGE', new RegExp(`expected a welcome of version ${PROTOCOL_VERSION}, got version 99$`));
});

test('a client of another version is told so', async (t) => {
  const port = await listening(t, () => t.fail());
  const socket = connectSocket(port, HOST);
  socket.write(greeting({ type: 'hello', version: 99, ...CLIENT, pid: 1 }));
  const message = `expected protocol version ${PROTOCOL_VERSION}, got 99`;
  t.deepEqual(Buffer.concat(await socket.toArray()), greeting({ type: 'refused', code: 'BAD_MESSAGE', message }));
});

test('who does not begin with a greeting is told so', async (t) => {
  const port = await listening(t, () => t.fail());
  for (const begins of [frameOf(CLIENT_SIDE.sends, STATUS), welcome, Buffer.from('GET / HTTP/1.1\r\n\r\n')]) {
    const socket = connectSocket(port, HOST);
    socket.write(begins);
    const answer = Buffer.concat(await socket.toArray());
    t.true(answer.includes('BAD_MESSAGE'), answer.toString());
  }
});

test('a node that says nothing, or hangs up, is no node', async (t) => {
  const mute = await stranger(t, () => {});
  const none = new RegExp(`^${HOST}:${mute}: expected a welcome within 50 ms, got none$`);
  await failsWith(t, dialling(t, mute, { timeoutMs: 50 }), 'DISCONNECTED', none);
  const abrupt = await stranger(t, (socket) => socket.resume().end());
  await failsWith(t, dialling(t, abrupt), 'DISCONNECTED', /got the end of the connection$/);
});

test('dialling where nobody listens is rejected with DISCONNECTED', async (t) => {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  await failsWith(t, dialling(t, port), 'DISCONNECTED', new RegExp(`^connect to ${HOST}:${port}: ECONNREFUSED$`));
});

test('listening where another one does is rejected with DISCONNECTED', async (t) => {
  const port = await listening(t, () => {});
  await failsWith(t, listen({ host: HOST, port, self: NODE, accept: () => {} }), 'DISCONNECTED', /EADDRINUSE/);
});

test('a closed listener has ended its connections and takes no more', async (t) => {
  const listener = await listen({ host: HOST, port: 0, self: NODE, accept: (_, speak) => speak(NODE_SIDE).onMessage(() => {}) });
  const { connection } = await dialling(t, listener.port);
  connection.onMessage(() => {});
  await Promise.all([new Promise((resolve) => connection.onClose(resolve)), listener.close()]);
  await listener.close();
  await t.throwsAsync(once(connectSocket(listener.port, HOST), 'connect'), { code: 'ECONNREFUSED' });
});
