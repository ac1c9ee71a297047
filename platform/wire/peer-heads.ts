/** The heads of what worker nodes say to each other. */
import type { ErrorCode } from '../core/errors.ts';
import { bad, flag, length, list, multiple, natural, text } from './fields.ts';
import type { Heads } from './heads.ts';
import type { Find, Looked, ObjectHead, PeerReport, PeerRequest } from './peer-messages.ts';
import { readTrace, traceField } from './trace-fields.ts';

const TAG = {
  ...{ run: 64, abort: 65, drop: 66, fetch: 67, found: 68, look: 69 },
  ...{ sent: 80, output: 81, start: 82, expected: 83, started: 84, failed: 85, idle: 86, refused: 87, spans: 88, find: 89 },
  ...{ object: 90, absent: 91, looked: 92 },
} as const;

const FIELDS_PER_OBJECT = 9;

export const PEER_REQUEST_HEADS: Heads<PeerRequest> = {
  toFields(m) {
    switch (m.type) {
      case 'run':
        return [TAG.run, m.session, m.app, m.version, m.fn, m.traced, m.sequence, m.attempt, m.first, objectFields(m.objects)];
      case 'abort':
        return [TAG.abort, m.session];
      case 'drop':
        return [TAG.drop, m.session];
      case 'fetch':
        return [TAG.fetch, m.id, m.home, m.session, m.ref, m.byStore];
      case 'found':
        return [TAG.found, m.id, m.session, objectFields(m.object === undefined ? [] : [m.object])];
      case 'look':
        return [TAG.look, m.id, m.session, m.bucket, m.key];
    }
  },

  fromFields(fields, payloadBytes) {
    const f = list(fields, 'head');
    switch (f[0]) {
      case TAG.run:
        length(f, 10, 'run');
        return {
          type: 'run',
          session: natural(f[1], 'run.session'),
          app: text(f[2], 'run.app'),
          version: natural(f[3], 'run.version'),
          fn: natural(f[4], 'run.fn'),
          traced: flag(f[5], 'run.traced'),
          sequence: natural(f[6], 'run.sequence'),
          attempt: natural(f[7], 'run.attempt'),
          first: position(f[8], 'run.first'),
          objects: readObjects(f[9], payloadBytes),
        };
      case TAG.abort:
        return { type: 'abort', session: natural(f[1], 'abort.session') };
      case TAG.drop:
        return { type: 'drop', session: natural(f[1], 'drop.session') };
      case TAG.fetch:
        length(f, 6, 'fetch');
        return {
          type: 'fetch',
          id: natural(f[1], 'fetch.id'),
          home: text(f[2], 'fetch.home'),
          session: natural(f[3], 'fetch.session'),
          ref: natural(f[4], 'fetch.ref'),
          byStore: flag(f[5], 'fetch.byStore'),
        };
      case TAG.found:
        return { type: 'found', ...readReply(f, 'found', payloadBytes) };
      case TAG.look:
        return { type: 'look', ...readQuestion(f, 'look') };
      default:
        throw bad('head', "the tag of a node's request", f[0]);
    }
  },
};

export const PEER_REPORT_HEADS: Heads<PeerReport> = {
  toFields(m) {
    switch (m.type) {
      case 'sent':
        return [TAG.sent, m.session, m.sender, objectFields([m.object])];
      case 'output':
        return [TAG.output, m.session, m.sender, objectFields([m.object])];
      case 'start':
        return [TAG.start, m.session, m.fn, objectFields([m.object])];
      case 'expected':
        return [TAG.expected, m.session, m.sender, m.source, m.bucket, m.group, m.keys];
      case 'started':
        return [TAG.started, m.session, m.fn, m.invocation, m.attempt, m.before, m.first, objectFields(m.objects)];
      case 'invocation-failed':
        return [TAG.failed, m.session, m.invocation, m.code, m.message];
      case 'idle':
        return [TAG.idle, m.session, m.set, m.credits];
      case 'run-refused':
        return [TAG.refused, m.session, m.sequence, m.code, m.message];
      case 'spans':
        return [TAG.spans, m.session, traceField(m)];
      case 'find':
        return [TAG.find, m.id, m.session, m.bucket, m.key];
      case 'looked':
        return [TAG.looked, m.id, m.session, objectFields(m.object === undefined ? [] : [m.object])];
      case 'object':
        return [TAG.object, m.id, m.storeKey];
      case 'absent':
        return [TAG.absent, m.id, m.message];
    }
  },

  fromFields(fields, payloadBytes) {
    const f = list(fields, 'head');
    switch (f[0]) {
      case TAG.sent:
        return {
          type: 'sent',
          session: natural(f[1], 'sent.session'),
          sender: position(f[2], 'sent.sender'),
          object: readObject(f[3], payloadBytes),
        };
      case TAG.output:
        return {
          type: 'output',
          session: natural(f[1], 'output.session'),
          sender: position(f[2], 'output.sender'),
          object: readObject(f[3], payloadBytes),
        };
      case TAG.start:
        return {
          type: 'start',
          session: natural(f[1], 'start.session'),
          fn: natural(f[2], 'start.fn'),
          object: readObject(f[3], payloadBytes),
        };
      case TAG.expected:
        length(f, 7, 'expected');
        return {
          type: 'expected',
          session: natural(f[1], 'expected.session'),
          sender: position(f[2], 'expected.sender'),
          source: position(f[3], 'expected.source'),
          bucket: position(f[4], 'expected.bucket'),
          group: text(f[5], 'expected.group'),
          keys: list(f[6], 'expected.keys').map((key) => text(key, 'expected.keys')),
        };
      case TAG.started:
        return {
          type: 'started',
          session: natural(f[1], 'started.session'),
          fn: natural(f[2], 'started.fn'),
          invocation: natural(f[3], 'started.invocation'),
          attempt: natural(f[4], 'started.attempt'),
          before: natural(f[5], 'started.before'),
          first: position(f[6], 'started.first'),
          objects: readObjects(f[7], payloadBytes),
        };
      case TAG.failed:
        return {
          type: 'invocation-failed',
          session: natural(f[1], 'failed.session'),
          invocation: position(f[2], 'failed.invocation'),
          code: text(f[3], 'failed.code') as ErrorCode,
          message: text(f[4], 'failed.message'),
        };
      case TAG.idle:
        return {
          type: 'idle',
          session: natural(f[1], 'idle.session'),
          set: natural(f[2], 'idle.set'),
          credits: natural(f[3], 'idle.credits'),
        };
      case TAG.refused:
        return {
          type: 'run-refused',
          session: natural(f[1], 'refused.session'),
          sequence: natural(f[2], 'refused.sequence'),
          code: text(f[3], 'refused.code') as ErrorCode,
          message: text(f[4], 'refused.message'),
        };
      case TAG.spans:
        return { type: 'spans', session: natural(f[1], 'spans.session'), ...readTrace(f[2]) };
      case TAG.find:
        return { type: 'find', ...readQuestion(f, 'find') };
      case TAG.looked:
        return { type: 'looked', ...readReply(f, 'looked', payloadBytes) };
      case TAG.object:
        return { type: 'object', id: natural(f[1], 'object.id'), storeKey: text(f[2], 'object.storeKey') };
      case TAG.absent:
        return { type: 'absent', id: natural(f[1], 'absent.id'), message: text(f[2], 'absent.message') };
      default:
        throw bad('head', "the tag of a node's report", f[0]);
    }
  },
};

/** Whoever looks for an object: `find` and `look`. */
function readQuestion(f: readonly unknown[], where: string): Omit<Find, 'type'> {
  length(f, 5, where);
  return {
    id: natural(f[1], `${where}.id`),
    session: natural(f[2], `${where}.session`),
    bucket: natural(f[3], `${where}.bucket`),
    key: text(f[4], `${where}.key`),
  };
}

/** The answer to that: `found` and `looked`. */
function readReply(f: readonly unknown[], where: string, payloadBytes: number): Omit<Looked, 'type'> {
  length(f, 4, where);
  return {
    id: natural(f[1], `${where}.id`),
    session: natural(f[2], `${where}.session`),
    object: readObjects(f[3], payloadBytes)[0],
  };
}

/** A position in a plan, or -1. */
function position(value: unknown, where: string): number {
  return value === -1 ? -1 : natural(value, where);
}

function objectFields(objects: readonly ObjectHead[]): unknown[] {
  const fields: unknown[] = [];
  for (const { source, bucket, key, group, metadata, size, sentNs, node, ref } of objects) {
    fields.push(source, bucket, key, group, metadata, size, sentNs, node, ref);
  }
  return fields;
}

function readObject(field: unknown, payloadBytes: number): ObjectHead {
  const [object] = readObjects(field, payloadBytes);
  if (object === undefined) throw bad('object', 'one', 0);
  return object;
}

function readObjects(field: unknown, payloadBytes: number): ObjectHead[] {
  const f = list(field, 'objects');
  multiple(f, FIELDS_PER_OBJECT, 'objects');
  const objects: ObjectHead[] = [];
  let carried = 0;
  for (let at = 0; at < f.length; at += FIELDS_PER_OBJECT) {
    const object = {
      source: position(f[at], 'objects.source'),
      bucket: position(f[at + 1], 'objects.bucket'),
      key: text(f[at + 2], 'objects.key'),
      group: text(f[at + 3], 'objects.group'),
      metadata: text(f[at + 4], 'objects.metadata'),
      size: natural(f[at + 5], 'objects.size'),
      sentNs: natural(f[at + 6], 'objects.sentNs'),
      node: text(f[at + 7], 'objects.node'),
      ref: natural(f[at + 8], 'objects.ref'),
    };
    if (object.node === '') carried += object.size;
    objects.push(object);
  }
  if (carried !== payloadBytes) throw bad('objects', `sizes of those carried that add up to ${payloadBytes}`, carried);
  return objects;
}
