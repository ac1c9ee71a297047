/** The heads of what clients send. */
import { deserialize, serialize } from 'node:v8';
import type { AppDefinition } from '../core/app.ts';
import { PheromoneError } from '../core/errors.ts';
import { bad, duration, flag, length, list, name, nameToSend, natural, noPayload } from './fields.ts';
import type { Heads } from './heads.ts';
import { WIRE_LIMITS } from './limits.ts';
import type { Call, ClientMessage, Feed } from './messages.ts';

/** None is a tag of a node's. */
const TAG = {
  register: 1,
  unregister: 2,
  call: 3,
  cancel: 4,
  statusRequest: 5,
  feed: 6,
  subscribe: 7,
  unsubscribe: 8,
  putBundle: 9,
} as const;

export const CLIENT_HEADS: Heads<ClientMessage> = {
  toFields(message) {
    switch (message.type) {
      case 'call': {
        const { id, app, fn, answer, deadlineMs, trace } = message;
        return [TAG.call, id, app, fn, answer === 'all', deadlineMs ?? null, trace];
      }
      case 'feed':
        return [TAG.feed, message.id, message.app, message.fn, message.deadlineMs ?? null];
      case 'cancel':
        return [TAG.cancel, message.id];
      case 'register':
        return [TAG.register, message.id, serializeApp(message.app)];
      case 'unregister':
        return [TAG.unregister, message.id, nameToSend(message.app, 'app')];
      case 'subscribe':
        return [TAG.subscribe, message.id, message.app, message.trace];
      case 'unsubscribe':
        return [TAG.unsubscribe, message.id, message.subscription];
      case 'status':
        return [TAG.statusRequest, message.id];
      case 'put-bundle':
        return [TAG.putBundle, message.id];
    }
  },

  fromFields(fields, payloadBytes) {
    const f = list(fields, 'head');
    if (f[0] === TAG.call) return readCall(f);
    if (f[0] === TAG.feed) return readFeed(f);
    if (f[0] === TAG.putBundle) {
      length(f, 2, 'put-bundle');
      return { type: 'put-bundle', id: natural(f[1], 'put-bundle.id') };
    }
    noPayload(payloadBytes);
    switch (f[0]) {
      case TAG.cancel:
        length(f, 2, 'cancel');
        return { type: 'cancel', id: natural(f[1], 'cancel.id') };
      case TAG.register:
        length(f, 3, 'register');
        return { type: 'register', id: natural(f[1], 'register.id'), app: deserializeApp(f[2]) };
      case TAG.unregister:
        length(f, 3, 'unregister');
        return { type: 'unregister', id: natural(f[1], 'unregister.id'), app: name(f[2], 'unregister.app') };
      case TAG.subscribe: {
        length(f, 4, 'subscribe');
        const [, id, app, trace] = f;
        return {
          type: 'subscribe',
          id: natural(id, 'subscribe.id'),
          app: name(app, 'subscribe.app'),
          trace: flag(trace, 'subscribe.trace'),
        };
      }
      case TAG.unsubscribe:
        length(f, 3, 'unsubscribe');
        return {
          type: 'unsubscribe',
          id: natural(f[1], 'unsubscribe.id'),
          subscription: natural(f[2], 'unsubscribe.subscription'),
        };
      case TAG.statusRequest:
        length(f, 2, 'status');
        return { type: 'status', id: natural(f[1], 'status.id') };
      default:
        throw bad('head', 'the tag of a client message', f[0]);
    }
  },
};

function readCall(f: readonly unknown[]): Call {
  length(f, 7, 'call');
  return {
    type: 'call',
    id: natural(f[1], 'call.id'),
    app: name(f[2], 'call.app'),
    fn: name(f[3], 'call.fn'),
    answer: flag(f[4], 'call.answer') ? 'all' : 'first',
    deadlineMs: f[5] === null ? undefined : duration(f[5], 'call.deadlineMs'),
    trace: flag(f[6], 'call.trace'),
  };
}

function readFeed(f: readonly unknown[]): Feed {
  length(f, 5, 'feed');
  return {
    type: 'feed',
    id: natural(f[1], 'feed.id'),
    app: name(f[2], 'feed.app'),
    fn: name(f[3], 'feed.fn'),
    deadlineMs: f[4] === null ? undefined : duration(f[4], 'feed.deadlineMs'),
  };
}

/** Definitions travel as structured clones, for their `config` may hold whatever can be cloned. */
export function serializeApp(app: AppDefinition): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = serialize(app);
  } catch (error) {
    throw new PheromoneError('INVALID_ARGUMENT', `app ${app.name}: expected a definition that can be cloned: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const { definitionBytes } = WIRE_LIMITS;
  if (bytes.length <= definitionBytes) return bytes;
  throw new PheromoneError(
    'INVALID_ARGUMENT',
    `app ${app.name}: expected a definition of at most ${definitionBytes} bytes, got ${bytes.length}`,
  );
}

/** Only sees to it that it is an object: what stands in it is for core to judge, under the id of the request. */
export function deserializeApp(field: unknown): AppDefinition {
  const { definitionBytes } = WIRE_LIMITS;
  if (!(field instanceof Uint8Array) || field.length > definitionBytes) {
    throw bad('register.app', `at most ${definitionBytes} bytes`, field);
  }
  let app: unknown;
  try {
    app = deserialize(field);
  } catch (error) {
    throw new PheromoneError('BAD_MESSAGE', `register.app: expected a structured clone: ${messageOf(error)}`, { cause: error });
  }
  if (typeof app !== 'object' || app === null) throw bad('register.app', 'an object', app);
  return app as AppDefinition;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
