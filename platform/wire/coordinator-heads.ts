/** The heads of what coordinators and worker nodes say to each other besides what clients and nodes do. */
import type { ErrorCode } from '../core/errors.ts';
import { deserializeApp, serializeApp } from './client-heads.ts';
import type {
  AppObject,
  CoordinatorRequest,
  KnownApp,
  Load,
  NamedLabel,
  Open,
  Place,
  SizedLabel,
  WorkerReport,
} from './coordinator-messages.ts';
import { bad, duration, flag, length, list, multiple, natural, noPayload, text } from './fields.ts';
import type { Heads, Tags } from './heads.ts';

/** None is a tag of a client's, nor of a worker's. */
export const COORDINATOR_TAGS: Tags<CoordinatorRequest> = { install: 32, open: 33, placed: 34, taken: 35, refusal: 36 };
export const WORKER_TAGS: Tags<WorkerReport> = { apps: 48, load: 49, place: 50, 'app-object': 51, declined: 52 };

const FIELDS_PER_LABEL = 5;
const FIELDS_PER_OBJECT = FIELDS_PER_LABEL + 1;
const FIELDS_PER_APP = 3;

export const COORDINATOR_HEADS: Heads<CoordinatorRequest> = {
  toFields(message) {
    const { type, id } = message;
    const tag = COORDINATOR_TAGS[type];
    switch (type) {
      case 'install':
        return [tag, id, message.version, serializeApp(message.app)];
      case 'open': {
        const { app, version, fn, objects, deadlineMs, trace } = message;
        return [tag, id, app, version, fn, objects.flatMap((object) => [...labelFields(object), object.size]), deadlineMs ?? null, trace];
      }
      case 'placed':
        return [tag, id, message.node, message.count, message.leaseMs];
      case 'taken':
        return [tag, id];
      case 'refusal':
        return [tag, id, message.code, message.message];
    }
  },

  fromFields(fields, payloadBytes) {
    const f = list(fields, 'head');
    const [tag] = f;
    if (tag === COORDINATOR_TAGS.open) return readOpen(f, payloadBytes);
    noPayload(payloadBytes);
    switch (tag) {
      case COORDINATOR_TAGS.install:
        length(f, 4, 'install');
        return { type: 'install', id: natural(f[1], 'install.id'), version: natural(f[2], 'install.version'), app: deserializeApp(f[3]) };
      case COORDINATOR_TAGS.placed:
        length(f, 5, 'placed');
        return {
          type: 'placed',
          id: natural(f[1], 'placed.id'),
          node: text(f[2], 'placed.node'),
          count: natural(f[3], 'placed.count'),
          leaseMs: natural(f[4], 'placed.leaseMs'),
        };
      case COORDINATOR_TAGS.taken:
        length(f, 2, 'taken');
        return { type: 'taken', id: natural(f[1], 'taken.id') };
      case COORDINATOR_TAGS.refusal:
        length(f, 4, 'refusal');
        return {
          type: 'refusal',
          id: natural(f[1], 'refusal.id'),
          code: text(f[2], 'refusal.code') as ErrorCode,
          message: text(f[3], 'refusal.message'),
        };
      default:
        throw bad('head', 'the tag of a coordinator message', tag);
    }
  },
};

export const WORKER_HEADS: Heads<WorkerReport> = {
  toFields(message) {
    const tag = WORKER_TAGS[message.type];
    switch (message.type) {
      case 'apps':
        return [tag, message.apps.flatMap(({ name, version, definition }) => [name, version, serializeApp(definition)])];
      case 'load': {
        const { idle, executors, waiting, sessions, usedBytes, arenaBytes, draining } = message;
        return [tag, idle, executors, waiting, sessions, usedBytes, arenaBytes, draining];
      }
      case 'place': {
        const { id, app, fn, count, inputs, exclude } = message;
        return [tag, id, app, fn, count, inputs.flatMap(({ node, bytes }) => [node, bytes]), exclude];
      }
      case 'app-object': {
        const { id, app, version, label, session, triggers = null } = message;
        return [tag, id, app, version, labelFields(label), session, triggers];
      }
      case 'declined':
        return [tag, message.id, message.message];
    }
  },

  fromFields(fields, payloadBytes) {
    const f = list(fields, 'head');
    if (f[0] === WORKER_TAGS['app-object']) return readAppObject(f);
    noPayload(payloadBytes);
    switch (f[0]) {
      case WORKER_TAGS.apps:
        length(f, 2, 'apps');
        return { type: 'apps', apps: readApps(f[1]) };
      case WORKER_TAGS.load:
        return readLoad(f);
      case WORKER_TAGS.place:
        return readPlace(f);
      case WORKER_TAGS.declined:
        length(f, 3, 'declined');
        return { type: 'declined', id: natural(f[1], 'declined.id'), message: text(f[2], 'declined.message') };
      default:
        throw bad('head', "the tag of a worker's report", f[0]);
    }
  },
};

function labelFields({ source, bucket, key, group, metadata }: NamedLabel): unknown[] {
  return [source, bucket, key, group, metadata];
}

function readLabel(f: readonly unknown[], at: number, where: string): NamedLabel {
  return {
    source: text(f[at], `${where}.source`),
    bucket: text(f[at + 1], `${where}.bucket`),
    key: text(f[at + 2], `${where}.key`),
    group: text(f[at + 3], `${where}.group`),
    metadata: text(f[at + 4], `${where}.metadata`),
  };
}

function readOpen(f: readonly unknown[], payloadBytes: number): Open {
  length(f, 8, 'open');
  return {
    type: 'open',
    id: natural(f[1], 'open.id'),
    app: text(f[2], 'open.app'),
    version: natural(f[3], 'open.version'),
    fn: text(f[4], 'open.fn'),
    objects: readObjects(f[5], payloadBytes),
    deadlineMs: f[6] === null ? undefined : duration(f[6], 'open.deadlineMs'),
    trace: flag(f[7], 'open.trace'),
  };
}

function readObjects(field: unknown, payloadBytes: number): SizedLabel[] {
  const f = list(field, 'open.objects');
  multiple(f, FIELDS_PER_OBJECT, 'open.objects');
  const objects: SizedLabel[] = [];
  let total = 0;
  for (let at = 0; at < f.length; at += FIELDS_PER_OBJECT) {
    const size = natural(f[at + FIELDS_PER_LABEL], 'open.objects.size');
    objects.push({ ...readLabel(f, at, 'open.objects'), size });
    total += size;
  }
  if (total !== payloadBytes) throw bad('open.objects', `sizes that add up to the payload's ${payloadBytes}`, total);
  return objects;
}

function readAppObject(f: readonly unknown[]): AppObject {
  length(f, 7, 'app-object');
  const label = list(f[4], 'app-object.label');
  length(label, FIELDS_PER_LABEL, 'app-object.label');
  return {
    type: 'app-object',
    id: natural(f[1], 'app-object.id'),
    app: text(f[2], 'app-object.app'),
    version: natural(f[3], 'app-object.version'),
    label: readLabel(label, 0, 'app-object.label'),
    session: natural(f[5], 'app-object.session'),
    ...(f[6] === null ? {} : { triggers: list(f[6], 'app-object.triggers').map((name) => text(name, 'app-object.triggers')) }),
  };
}

function readApps(field: unknown): KnownApp[] {
  const f = list(field, 'apps');
  multiple(f, FIELDS_PER_APP, 'apps');
  const apps: KnownApp[] = [];
  for (let at = 0; at < f.length; at += FIELDS_PER_APP) {
    apps.push({
      name: text(f[at], 'apps.name'),
      version: natural(f[at + 1], 'apps.version'),
      definition: deserializeApp(f[at + 2]),
    });
  }
  return apps;
}

function readLoad(f: readonly unknown[]): Load {
  length(f, 8, 'load');
  return {
    type: 'load',
    idle: natural(f[1], 'load.idle'),
    executors: natural(f[2], 'load.executors'),
    waiting: natural(f[3], 'load.waiting'),
    sessions: natural(f[4], 'load.sessions'),
    usedBytes: natural(f[5], 'load.usedBytes'),
    arenaBytes: natural(f[6], 'load.arenaBytes'),
    draining: flag(f[7], 'load.draining'),
  };
}

function readPlace(f: readonly unknown[]): Place {
  length(f, 7, 'place');
  const locations = list(f[5], 'place.inputs');
  multiple(locations, 2, 'place.inputs');
  const inputs: { node: string; bytes: number }[] = [];
  for (let at = 0; at < locations.length; at += 2) {
    inputs.push({ node: text(locations[at], 'place.inputs.node'), bytes: natural(locations[at + 1], 'place.inputs.bytes') });
  }
  return {
    type: 'place',
    id: natural(f[1], 'place.id'),
    app: text(f[2], 'place.app'),
    fn: text(f[3], 'place.fn'),
    count: natural(f[4], 'place.count'),
    inputs,
    exclude: list(f[6], 'place.exclude').map((node) => text(node, 'place.exclude')),
  };
}
