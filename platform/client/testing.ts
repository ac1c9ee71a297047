/** A node for the tests of the client, which behaves as a test wants it to. */
import type { ExecutionContext } from 'ava';
import type { AppDefinition } from '../core/app.ts';
import { type ErrorCode, PheromoneError } from '../core/errors.ts';
import { type ClientConnection, NODE_SIDE } from '../wire/client-protocol.ts';
import { listen } from '../wire/greeting.ts';
import type { Call, ClientMessage } from '../wire/messages.ts';
import { spanOf } from '../wire/testing/spans.ts';
import { type Client, type ClientOptions, connectClient } from './client.ts';

/** What the node does with a message; the payload is a copy. */
export type Behaviour = (message: ClientMessage, payload: Uint8Array, connection: ClientConnection) => void;

/** A client of a node that behaves as the test wants; both gone when the test is over. */
export async function clientOf(
  t: ExecutionContext,
  behave: Behaviour,
  options: Pick<ClientOptions, 'requestTimeoutMs'> = {},
): Promise<Client> {
  const { port, close } = await listen({
    host: '127.0.0.1',
    port: 0,
    self: { role: 'worker', name: 'node' },
    accept(_, speak) {
      const connection = speak(NODE_SIDE);
      connection.onMessage((message, payload) => behave(message, new Uint8Array(payload), connection));
    },
  });
  t.teardown(close);
  const client = await connectClient({ ...options, host: '127.0.0.1', port });
  t.teardown(() => client.close());
  return client;
}

/** Answers a call with its input, as function `fn` would that sends it as output. */
export function echo({ id, fn, trace }: Call, payload: Uint8Array, connection: ClientConnection): void {
  const spans = trace ? [spanOf(fn, 1_000, 2_000)] : [];
  connection.send({ type: 'result', id, outputs: [{ source: fn, key: '', group: '', size: payload.length }], spans }, payload);
}

/** A node that answers every call with its input. */
export const echoing: Behaviour = (message, payload, connection) => {
  if (message.type === 'call') echo(message, payload, connection);
};

/** Asserts that `promise` rejects with this code and message. */
export async function failsWith(t: ExecutionContext, promise: Promise<unknown>, code: ErrorCode, message: RegExp): Promise<void> {
  const error = await t.throwsAsync(promise, { instanceOf: PheromoneError, message });
  t.is(error?.code, code);
}

/** An app that holds together. */
export const app: AppDefinition = {
  name: 'a',
  functions: [{ name: 'f', module: 'file:///m.ts', export: 'f', config: new Map([[1, new Uint8Array([2])]]) }],
  buckets: [{ name: 'b' }],
  triggers: [{ primitive: 'immediate', name: 't', bucket: 'b', target: 'f' }],
};
