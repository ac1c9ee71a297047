/** What a worker of a cluster does for its callers: coordinators, and clients that come straight to it. */
import type { AppDefinition } from '../../core/app.ts';
import { PheromoneError } from '../../core/errors.ts';
import type { Caller, CallRequest, FeedRequest, Subscriber } from '../../door/service.ts';
import { SCHEDULER } from '../../store/memory.ts';
import { NO_BUCKET, NO_FUNCTION } from '../../store/objects.ts';
import type { Install, KnownApp, Load, Open } from '../../wire/coordinator-messages.ts';
import type { Status } from '../../wire/messages.ts';
import type { App } from '../apps.ts';
import type { Scheduler } from '../scheduler.ts';
import type { CoordinatedNode } from './coordinators.ts';

const EMPTY_POLL_MS = 20;

export class ClusterService implements CoordinatedNode {
  readonly #scheduler: Scheduler;
  readonly #name: string;
  #isDraining = false;

  constructor(scheduler: Scheduler, name: string) {
    this.#scheduler = scheduler;
    this.#name = name;
  }

  /** Apps of a cluster are registered with their coordinators, which install them on all workers. */
  async register({ name }: AppDefinition): Promise<void> {
    throw new PheromoneError(
      'INVALID_ARGUMENT',
      `app "${name}": expected to be registered with a coordinator of the cluster, not with a worker`,
    );
  }

  unregister(name: string): Promise<void> {
    return this.#scheduler.unregister(name);
  }

  call(request: CallRequest, input: Uint8Array, caller: Caller): () => void {
    this.#expectRoom();
    return this.#scheduler.call(request, input, caller);
  }

  feed(request: FeedRequest, event: Uint8Array, over: () => void): () => void {
    this.#expectRoom();
    return this.#scheduler.feed(request, event, over);
  }

  subscribe(app: string, subscriber: Subscriber): () => void {
    return this.#scheduler.subscribe(app, subscriber);
  }

  putBundle(encoded: Uint8Array): Promise<string> {
    return this.#scheduler.putBundle(encoded);
  }

  status(): Promise<Omit<Status, 'type' | 'id'>> {
    return this.#scheduler.status();
  }

  async install({ app: definition, version }: Install): Promise<void> {
    const known = this.#scheduler.parts.apps.find(definition.name);
    if (known?.version === version) return;
    if (known !== undefined && known.version > version) {
      throw new PheromoneError(
        'WRONG_COORDINATOR',
        `app "${definition.name}": expected a version above ${known.version}, which node "${this.#name}" has, got ${version}`,
      );
    }
    await this.#scheduler.register(definition, version);
  }

  open({ app: name, version, fn, objects, deadlineMs, trace }: Open, payload: Uint8Array, caller: Caller): () => void {
    this.#expectRoom();
    const { apps, host } = this.#scheduler.parts;
    const app = apps.version(name, version);
    let at = 0;
    const inputs = objects.map(({ source, bucket, key, group, metadata, size }) => {
      const bytes = payload.subarray(at, at + size);
      at += size;
      return { bytes, label: { ...positions(app, source, bucket), key, group, metadata } };
    });
    return host.openWith({ app, fn, answer: 'all', deadlineMs, trace }, inputs, caller);
  }

  apps(): readonly KnownApp[] {
    const { apps } = this.#scheduler.parts;
    return [...apps.all()].map(({ plan, version, definition }) => ({ name: plan.name, version, definition }));
  }

  load(): Omit<Load, 'type'> {
    const { executors, ledger, threads, sessions } = this.#scheduler.parts;
    let waiting = 0;
    for (let part = SCHEDULER; part <= threads.highest; part++) waiting += ledger.waiting(part);
    return {
      ...{ idle: executors.idle(), executors: executors.count, waiting, sessions: sessions.count },
      ...this.#scheduler.memory(),
      draining: this.#isDraining,
    };
  }

  /** Takes no new sessions from now on. */
  drain(): void {
    this.#isDraining = true;
  }

  /** Resolves when no session is left, those included that are guests here, or after `graceMs`. */
  async emptied(graceMs: number): Promise<void> {
    const endMs = performance.now() + graceMs;
    while (this.#scheduler.parts.sessions.count > 0 && performance.now() < endMs) {
      await new Promise((resolve) => setTimeout(resolve, EMPTY_POLL_MS));
    }
  }

  #expectRoom(): void {
    if (!this.#isDraining) return;
    throw new PheromoneError('OVERLOADED', `node "${this.#name}": expected to take a session, it is about to leave the cluster`);
  }
}

function positions({ plan }: App, source: string, bucket: string): { source: number; bucket: number } {
  return { source: plan.functionIndex.get(source) ?? NO_FUNCTION, bucket: plan.bucketIndex.get(bucket) ?? NO_BUCKET };
}
