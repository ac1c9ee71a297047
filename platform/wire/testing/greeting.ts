/** Both ends of a greeting, as the tests of the wire need them. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { ExecutionContext } from 'ava';
import { type ErrorCode, PheromoneError } from '../../core/errors.ts';
import { CLIENT_SIDE } from '../client-protocol.ts';
import { encodeHead, PREFIX_BYTES, writePrefix } from '../codec.ts';
import { type Dialled, type DialOptions, dial, type ListenOptions, listen } from '../greeting.ts';
import { GREETING_PROTOCOL, type GreetingMessage } from '../greeting-messages.ts';
import type { Heads } from '../heads.ts';
import type { ClientMessage, NodeMessage } from '../messages.ts';

export const HOST = '127.0.0.1';
export const CLIENT = { role: 'client', name: 'c' } as const;
export const NODE = { role: 'worker', name: 'n' } as const;

/** A listener that is gone when the test is over. */
export async function listening(
  t: ExecutionContext,
  accept: ListenOptions['accept'],
  options: Partial<ListenOptions> = {},
): Promise<number> {
  const { port, close } = await listen({ host: HOST, port: 0, self: NODE, accept, ...options });
  t.teardown(close);
  return port;
}

/** A client's connection that is gone when the test is over. */
export async function dialling(
  t: ExecutionContext,
  port: number,
  options: Partial<DialOptions<ClientMessage, NodeMessage>> = {},
): Promise<Dialled<ClientMessage, NodeMessage>> {
  const dialled = await dial({ host: HOST, port, self: CLIENT, protocol: CLIENT_SIDE, ...options });
  t.teardown(() => dialled.connection.destroy());
  return dialled;
}

/** A listener that says what a test wants, and not what the greeting asks for. */
export async function stranger(t: ExecutionContext, onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    t.teardown(() => socket.destroy());
    socket.on('error', () => {});
    onSocket(socket);
  }).listen(0, HOST);
  await once(server, 'listening');
  t.teardown(() => server.close());
  return (server.address() as { port: number }).port;
}

/** Resolves when the socket is closed, in whatever way. */
export function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.on('error', () => {});
    socket.resume().once('close', () => resolve());
  });
}

export function frameOf<M>(heads: Heads<M>, message: M): Buffer {
  const head = encodeHead(heads, message, 0);
  const frame = Buffer.alloc(PREFIX_BYTES + head.length);
  writePrefix(frame, 0, head.length, 0);
  frame.set(head, PREFIX_BYTES);
  return frame;
}

export const greetingFrame = (message: GreetingMessage): Buffer => frameOf(GREETING_PROTOCOL.sends, message);

/** Asserts that `promise` rejects with this code and message. */
export async function failsWith(t: ExecutionContext, promise: Promise<unknown>, code: ErrorCode, message: RegExp): Promise<void> {
  const error = await t.throwsAsync(promise, { instanceOf: PheromoneError, message });
  t.is(error?.code, code);
}
