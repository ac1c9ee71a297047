/** The heads of what worker nodes send. */
import { type ErrorCode, PheromoneError } from '../core/errors.ts';
import { COUNTER_NAMES, countersOf } from './counters.ts';
import { bad, length, list, multiple, natural, noPayload, text } from './fields.ts';
import type { Heads } from './heads.ts';
import type { ExecutorState, NamedNodeStatus, NodeMessage, NodeStatus, OutputHead, Status } from './messages.ts';
import { readTrace, traceField } from './trace-fields.ts';

/** None is a tag of a client's. */
const TAG = {
  done: 17,
  failed: 18,
  result: 19,
  status: 20,
  event: 21,
  fault: 22,
  bundleStored: 23,
} as const;

const EXECUTOR_STATES: readonly ExecutorState[] = ['starting', 'idle', 'busy', 'dying'];
const FIELDS_PER_OUTPUT = 4;

export const NODE_HEADS: Heads<NodeMessage> = {
  toFields(message) {
    switch (message.type) {
      case 'result':
        return [TAG.result, message.id, outputFields(message.outputs), traceField(message)];
      case 'event':
        return [TAG.event, message.subscription, outputFields(message.outputs), traceField(message)];
      case 'failed':
        return [TAG.failed, message.id, message.code, message.message];
      case 'fault':
        return [TAG.fault, message.subscription, message.code, message.message];
      case 'done':
        return [TAG.done, message.id];
      case 'bundle-stored':
        return [TAG.bundleStored, message.id, message.bundle];
      case 'status': {
        const { id, apps, nodes } = message;
        return [TAG.status, id, ...statusFields(message), apps, nodes?.map((node) => [node.name, ...statusFields(node)]) ?? null];
      }
    }
  },

  fromFields(fields, payloadBytes) {
    const f = list(fields, 'head');
    if (f[0] === TAG.result) {
      length(f, 4, 'result');
      const [, id, outputs, trace] = f;
      return { type: 'result', id: natural(id, 'result.id'), outputs: readOutputs(outputs, payloadBytes), ...readTrace(trace) };
    }
    if (f[0] === TAG.event) {
      length(f, 4, 'event');
      const subscription = natural(f[1], 'event.subscription');
      return { type: 'event', subscription, outputs: readOutputs(f[2], payloadBytes), ...readTrace(f[3]) };
    }
    noPayload(payloadBytes);
    switch (f[0]) {
      case TAG.failed:
        length(f, 4, 'failed');
        return { type: 'failed', id: natural(f[1], 'failed.id'), code: readCode(f[2]), message: text(f[3], 'failed.message') };
      case TAG.fault: {
        length(f, 4, 'fault');
        const subscription = natural(f[1], 'fault.subscription');
        return { type: 'fault', subscription, code: readCode(f[2]), message: text(f[3], 'fault.message') };
      }
      case TAG.done:
        length(f, 2, 'done');
        return { type: 'done', id: natural(f[1], 'done.id') };
      case TAG.bundleStored:
        length(f, 3, 'bundle-stored');
        return { type: 'bundle-stored', id: natural(f[1], 'bundle-stored.id'), bundle: text(f[2], 'bundle-stored.bundle') };
      case TAG.status:
        length(f, 9, 'status');
        return readStatus(f);
      default:
        throw bad('head', 'the tag of a node message', f[0]);
    }
  },
};

/** Any code: a newer node may know more of them. */
function readCode(field: unknown): ErrorCode {
  return text(field, 'code') as ErrorCode;
}

function outputFields(outputs: readonly OutputHead[]): unknown[] {
  const fields: unknown[] = [];
  for (const { source, key, group, size } of outputs) fields.push(source, key, group, size);
  return fields;
}

function readOutputs(field: unknown, payloadBytes: number): OutputHead[] {
  const fields = list(field, 'outputs');
  multiple(fields, FIELDS_PER_OUTPUT, 'outputs');
  const outputs: OutputHead[] = [];
  let total = 0;
  for (let at = 0; at < fields.length; at += FIELDS_PER_OUTPUT) {
    const size = natural(fields[at + 3], 'outputs.size');
    outputs.push({
      source: text(fields[at], 'outputs.source'),
      key: text(fields[at + 1], 'outputs.key'),
      group: text(fields[at + 2], 'outputs.group'),
      size,
    });
    total += size;
  }
  if (total !== payloadBytes) {
    throw new PheromoneError('BAD_MESSAGE', `outputs: expected sizes that add up to the payload's ${payloadBytes}, got ${total}`);
  }
  return outputs;
}

function statusFields({ sessions, executors, memory, counters }: NodeStatus): unknown[] {
  const states = executors.flatMap(({ index, state }) => [index, state]);
  return [sessions, states, memory.usedBytes, memory.arenaBytes, COUNTER_NAMES.map((name) => counters[name])];
}

function readStatus(f: readonly unknown[]): Status {
  return {
    type: 'status',
    id: natural(f[1], 'status.id'),
    ...readNodeStatus(f, 2, 'status'),
    apps: list(f[7], 'status.apps').map((name) => text(name, 'status.apps')),
    ...(f[8] === null ? {} : { nodes: list(f[8], 'status.nodes').map(readNamedStatus) }),
  };
}

function readNamedStatus(field: unknown): NamedNodeStatus {
  const f = list(field, 'status.nodes');
  length(f, 6, 'status.nodes');
  return { name: text(f[0], 'status.nodes.name'), ...readNodeStatus(f, 1, 'status.nodes') };
}

function readNodeStatus(f: readonly unknown[], at: number, where: string): NodeStatus {
  const states = list(f[at + 1], `${where}.executors`);
  multiple(states, 2, `${where}.executors`);
  const executors: { index: number; state: ExecutorState }[] = [];
  for (let i = 0; i < states.length; i += 2) {
    const state = EXECUTOR_STATES.find((known) => known === states[i + 1]);
    if (state === undefined) throw bad(`${where}.executors.state`, `one of ${EXECUTOR_STATES.join(', ')}`, states[i + 1]);
    executors.push({ index: natural(states[i], `${where}.executors.index`), state });
  }
  const memory = {
    usedBytes: natural(f[at + 2], `${where}.memory.usedBytes`),
    arenaBytes: natural(f[at + 3], `${where}.memory.arenaBytes`),
  };
  const counted = list(f[at + 4], `${where}.counters`);
  length(counted, COUNTER_NAMES.length, `${where}.counters`);
  const counters = countersOf((name) => natural(counted[COUNTER_NAMES.indexOf(name)], `${where}.counters.${name}`));
  return { sessions: natural(f[at], `${where}.sessions`), executors, memory, counters };
}
