import { once } from 'node:events';
import { connect as connectSocket, createServer, type Socket } from 'node:net';
import test from 'ava';
import { PheromoneError } from '../core/errors.ts';
import { CLIENT_SIDE, NODE_SIDE } from './client-protocol.ts';
import { listen } from './greeting.ts';
import { type Peer, PROTOCOL_VERSION } from './greeting-messages.ts';
import { WIRE_LIMITS } from './limits.ts';
import type { ClientMessage, NodeMessage } from './messages.ts';
import { CLIENT, closed, dialling, failsWith, frameOf, greetingFrame, HOST, listening, NODE, stranger } from './testing/greeting.ts';

const STATUS: ClientMessage = { type: 'status', id: 1 };
const DONE: NodeMessage = { type: 'done', id: 1 };

const welcome = greetingFrame({ type: 'welcome', version: PROTOCOL_VERSION, ...NODE, pid: 1 });
const hello = greetingFrame({ type: 'hello', version: PROTOCOL_VERSION, ...CLIENT, pid: 1, nonce: new Uint8Array(0) });

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
  const port = await stranger(t, (socket) => socket.end(greetingFrame({ type: 'welcome', version: 99, ...NODE, pid: 1 })));
  await failsWith(t, dialling(t, port), 'BAD_MESSAGE', new RegExp(`expected a welcome of version ${PROTOCOL_VERSION}, got version 99$`));
});

test('a client of another version is told so', async (t) => {
  const port = await listening(t, () => t.fail());
  const socket = connectSocket(port, HOST);
  socket.write(greetingFrame({ type: 'hello', version: 99, ...CLIENT, pid: 1, nonce: new Uint8Array(0) }));
  const message = `expected protocol version ${PROTOCOL_VERSION}, got 99`;
  t.deepEqual(Buffer.concat(await socket.toArray()), greetingFrame({ type: 'refused', code: 'BAD_MESSAGE', message }));
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
  const none = new RegExp(`^${HOST}:${mute}: expected a welcome within 500 ms, got none$`);
  await failsWith(t, dialling(t, mute, { timeoutMs: 500 }), 'DISCONNECTED', none);
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

test('whoever sends its greeting byte by byte gains no time', async (t) => {
  const port = await listening(t, () => t.fail(), { timeoutMs: 300 });
  const socket = connectSocket(port, HOST);
  let sent = 0;
  const trickle = setInterval(() => {
    if (sent < hello.length - 1) socket.write(hello.subarray(sent, ++sent));
  }, 20);
  t.teardown(() => clearInterval(trickle));
  await closed(socket);
  t.true(sent > 0);
});

test('a greeting of more than a few kilobytes is refused by the length that it announces', async (t) => {
  const port = await listening(t, () => t.fail());
  const socket = connectSocket(port, HOST);
  socket.write(new Uint8Array(Uint32Array.of(WIRE_LIMITS.greetingBytes + 1, 1).buffer));
  const answer = Buffer.concat(await socket.toArray());
  t.true(answer.includes(`frame: expected at most ${WIRE_LIMITS.greetingBytes} bytes`), answer.toString());
});

test('once greeted, messages may be large', async (t) => {
  const received = Promise.withResolvers<number>();
  const port = await listening(t, (_, speak) => speak(NODE_SIDE).onMessage((_, payload) => received.resolve(payload.length)));
  const { connection } = await dialling(t, port);
  const call: ClientMessage = { type: 'call', id: 1, app: 'a', fn: 'f', answer: 'first', deadlineMs: undefined, trace: false };
  connection.send(call, new Uint8Array(3 * WIRE_LIMITS.firstGatheredBytes));
  t.is(await received.promise, 3 * WIRE_LIMITS.firstGatheredBytes);
});

test('a name longer than names may be is refused', async (t) => {
  const port = await listening(t, () => t.fail());
  const self = { role: 'client', name: 'n'.repeat(129) } as const;
  await failsWith(
    t,
    dialling(t, port, { self }),
    'BAD_MESSAGE',
    /^greeting.name: expected a name of at most 128 characters, got a string of length 129$/,
  );
});

test('of too many that do not greet, the oldest ones have to go, and whoever greets comes in', async (t) => {
  const port = await listening(t, (_, speak) => speak(NODE_SIDE));
  const open = async (): Promise<Socket> => {
    const socket = connectSocket(port, HOST);
    t.teardown(() => socket.destroy());
    await once(socket, 'connect');
    return socket;
  };
  const oldest = await open();
  const gone = closed(oldest);
  for (let i = 0; i < WIRE_LIMITS.greetingsPerListener; i++) await open();
  await gone;
  await dialling(t, port);
  t.pass();
});
