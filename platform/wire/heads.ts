/**
 * How messages become the fields of a frame's head, and back.
 *
 * A head is an array: a tag for the type, then the message's fields by position. That takes half the bytes and
 * half the time of maps (see codec.bench.ts), and no names from outside become properties.
 */
import { deserialize, serialize } from 'node:v8';
import type { AppDefinition } from '../core/app.ts';
import { type ErrorCode, PheromoneError } from '../core/errors.ts';
import type { ClientMessage, ExecutorState, NodeMessage, OutputHead, Span, Status } from './messages.ts';

/** The messages of one direction. */
export interface Heads<M> {
  /** Throws `INVALID_ARGUMENT` if a message holds what cannot be sent. */
  toFields(message: M): readonly unknown[];
  /** Checks every field; throws `BAD_MESSAGE` with what was expected and what came. */
  fromFields(fields: unknown, payloadBytes: number): M;
}

const TAG = {
  hello: 0,
  register: 1,
  unregister: 2,
  call: 3,
  cancel: 4,
  statusRequest: 5,
  welcome: 16,
  done: 17,
  failed: 18,
  result: 19,
  status: 20,
} as const;

const EXECUTOR_STATES: readonly ExecutorState[] = ['starting', 'idle', 'busy', 'dying'];
const FIELDS_PER_OUTPUT = 4;
const FIELDS_PER_SPAN = 3;

/** What clients send. */
export const CLIENT_HEADS: Heads<ClientMessage> = {
  toFields(message) {
    switch (message.type) {
      case 'call': {
        const { id, app, fn, answer, deadlineMs, trace } = message;
        return [TAG.call, id, app, fn, answer === 'all', deadlineMs ?? null, trace];
      }
      case 'cancel':
        return [TAG.cancel, message.id];
      case 'hello':
        return [TAG.hello, message.version];
      case 'register':
        return [TAG.register, message.id, serializeApp(message.app)];
      case 'unregister':
        return [TAG.unregister, message.id, message.app];
      case 'status':
        return [TAG.statusRequest, message.id];
    }
  },

  fromFields(fields, payloadBytes) {
    const f = list(fields, 'head');
    if (f[0] === TAG.call) {
      length(f, 7, 'call');
      return {
        type: 'call',
        id: natural(f[1], 'call.id'),
        app: text(f[2], 'call.app'),
        fn: text(f[3], 'call.fn'),
        answer: flag(f[4], 'call.answer') ? 'all' : 'first',
        deadlineMs: f[5] === null ? undefined : duration(f[5], 'call.deadlineMs'),
        trace: flag(f[6], 'call.trace'),
      };
    }
    noPayload(payloadBytes);
    switch (f[0]) {
      case TAG.cancel:
        length(f, 2, 'cancel');
        return { type: 'cancel', id: natural(f[1], 'cancel.id') };
      case TAG.hello:
        length(f, 2, 'hello');
        return { type: 'hello', version: natural(f[1], 'hello.version') };
      case TAG.register:
        length(f, 3, 'register');
        return { type: 'register', id: natural(f[1], 'register.id'), app: deserializeApp(f[2]) };
      case TAG.unregister:
        length(f, 3, 'unregister');
        return { type: 'unregister', id: natural(f[1], 'unregister.id'), app: text(f[2], 'unregister.app') };
      case TAG.statusRequest:
        length(f, 2, 'status');
        return { type: 'status', id: natural(f[1], 'status.id') };
      default:
        throw bad('head', 'the tag of a client message', f[0]);
    }
  },
};

/** What worker nodes send. */
export const NODE_HEADS: Heads<NodeMessage> = {
  toFields(message) {
    switch (message.type) {
      case 'result':
        return [TAG.result, message.id, outputFields(message.outputs), spanFields(message.spans)];
      case 'failed':
        return [TAG.failed, message.id, message.code, message.message];
      case 'done':
        return [TAG.done, message.id];
      case 'welcome':
        return [TAG.welcome, message.version, message.pid];
      case 'status': {
        const { id, sessions, executors, memory, apps } = message;
        const states = executors.flatMap(({ index, state }) => [index, state]);
        return [TAG.status, id, sessions, states, memory.usedBytes, memory.arenaBytes, apps];
      }
    }
  },

  fromFields(fields, payloadBytes) {
    const f = list(fields, 'head');
    if (f[0] === TAG.result) {
      length(f, 4, 'result');
      return {
        type: 'result',
        id: natural(f[1], 'result.id'),
        outputs: readOutputs(list(f[2], 'result.outputs'), payloadBytes),
        spans: readSpans(list(f[3], 'result.spans')),
      };
    }
    noPayload(payloadBytes);
    switch (f[0]) {
      case TAG.failed:
        length(f, 4, 'failed');
        return {
          type: 'failed',
          id: natural(f[1], 'failed.id'),
          // Any code: a newer node may know more of them.
          code: text(f[2], 'failed.code') as ErrorCode,
          message: text(f[3], 'failed.message'),
        };
      case TAG.done:
        length(f, 2, 'done');
        return { type: 'done', id: natural(f[1], 'done.id') };
      case TAG.welcome:
        length(f, 3, 'welcome');
        return { type: 'welcome', version: natural(f[1], 'welcome.version'), pid: natural(f[2], 'welcome.pid') };
      case TAG.status:
        length(f, 7, 'status');
        return readStatus(f);
      default:
        throw bad('head', 'the tag of a node message', f[0]);
    }
  },
};

/** Definitions travel as structured clones, for their `config` may hold whatever can be cloned. */
function serializeApp(app: AppDefinition): Uint8Array {
  try {
    return serialize(app);
  } catch (error) {
    throw new PheromoneError('INVALID_ARGUMENT', `app ${app.name}: expected a definition that can be cloned: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Only sees to it that it is an object: what stands in it is for core to judge, under the id of the request. */
function deserializeApp(field: unknown): AppDefinition {
  if (!(field instanceof Uint8Array)) throw bad('register.app', 'bytes', field);
  let app: unknown;
  try {
    app = deserialize(field);
  } catch (error) {
    throw new PheromoneError('BAD_MESSAGE', `register.app: expected a structured clone: ${messageOf(error)}`, { cause: error });
  }
  if (typeof app !== 'object' || app === null) throw bad('register.app', 'an object', app);
  return app as AppDefinition;
}

function outputFields(outputs: readonly OutputHead[]): unknown[] {
  const fields: unknown[] = [];
  for (const { source, key, group, size } of outputs) fields.push(source, key, group, size);
  return fields;
}

function readOutputs(fields: readonly unknown[], payloadBytes: number): OutputHead[] {
  multiple(fields, FIELDS_PER_OUTPUT, 'result.outputs');
  const outputs: OutputHead[] = [];
  let total = 0;
  for (let at = 0; at < fields.length; at += FIELDS_PER_OUTPUT) {
    const size = natural(fields[at + 3], 'result.outputs.size');
    outputs.push({
      source: text(fields[at], 'result.outputs.source'),
      key: text(fields[at + 1], 'result.outputs.key'),
      group: text(fields[at + 2], 'result.outputs.group'),
      size,
    });
    total += size;
  }
  if (total !== payloadBytes) {
    throw new PheromoneError('BAD_MESSAGE', `result.outputs: expected sizes that add up to the payload's ${payloadBytes}, got ${total}`);
  }
  return outputs;
}

function spanFields(spans: readonly Span[]): unknown[] {
  const fields: unknown[] = [];
  for (const { fn, startedNs, endedNs } of spans) fields.push(fn, startedNs, endedNs);
  return fields;
}

function readSpans(fields: readonly unknown[]): Span[] {
  multiple(fields, FIELDS_PER_SPAN, 'result.spans');
  const spans: Span[] = [];
  for (let at = 0; at < fields.length; at += FIELDS_PER_SPAN) {
    spans.push({
      fn: text(fields[at], 'result.spans.fn'),
      startedNs: natural(fields[at + 1], 'result.spans.startedNs'),
      endedNs: natural(fields[at + 2], 'result.spans.endedNs'),
    });
  }
  return spans;
}

function readStatus(f: readonly unknown[]): Status {
  const states = list(f[3], 'status.executors');
  multiple(states, 2, 'status.executors');
  const executors: { index: number; state: ExecutorState }[] = [];
  for (let at = 0; at < states.length; at += 2) {
    const state = EXECUTOR_STATES.find((known) => known === states[at + 1]);
    if (state === undefined) throw bad('status.executors.state', `one of ${EXECUTOR_STATES.join(', ')}`, states[at + 1]);
    executors.push({ index: natural(states[at], 'status.executors.index'), state });
  }
  return {
    type: 'status',
    id: natural(f[1], 'status.id'),
    sessions: natural(f[2], 'status.sessions'),
    executors,
    memory: { usedBytes: natural(f[4], 'status.memory.usedBytes'), arenaBytes: natural(f[5], 'status.memory.arenaBytes') },
    apps: list(f[6], 'status.apps').map((name) => text(name, 'status.apps')),
  };
}

function text(value: unknown, where: string): string {
  if (typeof value !== 'string') throw bad(where, 'a string', value);
  return value;
}

function natural(value: unknown, where: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw bad(where, 'a whole number from 0 up', value);
  return value as number;
}

function duration(value: unknown, where: string): number {
  if (typeof value !== 'number' || !(value > 0 && value < Number.POSITIVE_INFINITY)) throw bad(where, 'a finite number above 0', value);
  return value;
}

function flag(value: unknown, where: string): boolean {
  if (typeof value !== 'boolean') throw bad(where, 'a boolean', value);
  return value;
}

function list(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw bad(where, 'an array', value);
  return value;
}

function length(fields: readonly unknown[], expected: number, where: string): void {
  if (fields.length !== expected) throw new PheromoneError('BAD_MESSAGE', `${where}: expected ${expected} fields, got ${fields.length}`);
}

function multiple(fields: readonly unknown[], of: number, where: string): void {
  if (fields.length % of === 0) return;
  throw new PheromoneError('BAD_MESSAGE', `${where}: expected a multiple of ${of} fields, got ${fields.length}`);
}

function noPayload(payloadBytes: number): void {
  if (payloadBytes !== 0) throw new PheromoneError('BAD_MESSAGE', `payload: expected none with this message, got ${payloadBytes} bytes`);
}

function bad(where: string, expected: string, value: unknown): PheromoneError {
  const got = value === null || typeof value === 'number' || typeof value === 'boolean' ? String(value) : typeof value;
  return new PheromoneError('BAD_MESSAGE', `${where}: expected ${expected}, got ${got}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
