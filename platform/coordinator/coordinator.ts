/**
 * A coordinator: owns some of the cluster's apps, places their sessions on workers, and decides their triggers of scope
 * `app` (paper: sharded, shared-nothing global coordinators). It decides nothing within a session.
 */
import type { AppDefinition } from '../core/app.ts';
import { type ErrorCode, PheromoneError, toPheromoneError } from '../core/errors.ts';
import { coordinatorRing, type HashRing } from '../core/hash-ring.ts';
import type { View } from '../core/membership.ts';
import type { FunctionPlan } from '../core/plan.ts';
import type { Caller, CallRequest, FeedRequest, Service, Subscriber } from '../door/service.ts';
import { Streams } from '../door/streams.ts';
import { type Log, openLog } from '../log/log.ts';
import type { DurableStore } from '../store/durable/durable-store.ts';
import { NodeBundles } from '../store/node-bundles.ts';
import type { AppObject, Place } from '../wire/coordinator-messages.ts';
import type { WorkerConnection } from '../wire/coordinator-protocol.ts';
import type { Status } from '../wire/messages.ts';
import type { Security } from '../wire/security.ts';
import { AppArchive } from './app-archive.ts';
import { type App, Apps, versionOf } from './apps.ts';
import { passBundle } from './bundles.ts';
import { type GatheredObject, Gathering } from './gathering.ts';
import type { CoordinatorOptions } from './options.ts';
import { Registrar } from './registrar.ts';
import { Relay } from './relay.ts';
import { statusOf } from './status.ts';
import { type HandedObject, Successors } from './successors.ts';
import { type Worker, Workers } from './workers.ts';

export type CoordinatorSetup = Omit<CoordinatorOptions, 'host' | 'port' | 'manager' | 'startMs' | 'drainMs'>;

/** Sessions of different workers bear the same numbers: each worker has this many of its own here. */
const SESSIONS_PER_WORKER = 2 ** 40;

export class Coordinator implements Service {
  readonly #setup: CoordinatorSetup;
  readonly #log: Log;
  readonly #apps = new Apps();
  readonly #streams = new Streams();
  readonly #workers: Workers;
  readonly #relay: Relay;
  readonly #gathering: Gathering;
  readonly #registrar: Registrar;
  readonly #successors: Successors;
  #ring: HashRing | undefined;
  /** What the new coordinator of its app could not be given: it goes to whoever owns the app in the next view. */
  #stranded: { readonly object: HandedObject; readonly bytes: Uint8Array }[] = [];
  #isDraining = false;
  #whenReady: (() => void) | undefined;

  /** Without a store apps are known for as long as one of the cluster's processes knows them, and custom triggers of scope `app` lie in no bundles. */
  constructor(setup: CoordinatorSetup, security: Security = {}, store?: DurableStore) {
    const log = openLog({ role: 'coordinator', node: setup.name });
    const connecting = { self: setup.name, security, keepAlive: { intervalMs: setup.pingMs, timeoutMs: setup.silenceMs } };
    this.#setup = setup;
    this.#log = log;
    this.#successors = new Successors(connecting);
    this.#workers = new Workers({
      ...connecting,
      apps: (worker, news, gone) => {
        this.#registrar.heard(worker, news, gone);
        this.#onFreed();
      },
      place: (worker, request) => this.#place(worker, request),
      object: (worker, object, bytes) => this.#onObject(worker, object, bytes),
      freed: () => this.#onFreed(),
      lost: ({ name }, { code, message }) => log.info('worker lost', { worker: name, code, why: message }),
    });
    this.#relay = new Relay(this.#workers, setup, (app) => this.#registrar.endIfUnused(app));
    this.#gathering = new Gathering({
      locate: new NodeBundles(store, setup.bundleFolder).locate,
      open: (app, fn, objects) => this.#open(app, app.plan.functions[fn]!, objects),
      failed: (app, message) => this.#streams.callerFor(app.name).failed('TRIGGER_FAILED', message),
    });
    this.#registrar = new Registrar({
      ...{ apps: this.#apps, workers: this.#workers, gathering: this.#gathering, relay: this.#relay, log },
      archive: store === undefined ? undefined : new AppArchive(store),
      owns: (name) => this.#ownerOf(name) === setup.name,
    });
  }

  /** Takes in who belongs to the cluster. */
  see(view: View): void {
    this.#ring = coordinatorRing(view);
    this.#workers.see(view.members);
    this.#successors.see(view.members);
    this.#handOver();
    for (const app of this.#apps.all()) if (this.#ownerOf(app.name) === this.#setup.name) this.#registrar.serve(app);
  }

  /**
   * Resolves once all workers have said which apps they have, or after this time, and those that are stored besides are
   * known. Rejects with `STORE_FAILED`.
   */
  async learn(withinMs: number): Promise<void> {
    if (!this.#workers.areAllReady) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, withinMs);
      this.#whenReady = resolve;
      await promise;
      clearTimeout(timer);
    }
    await this.#registrar.recall();
  }

  /** Rejects with `WRONG_COORDINATOR`, `OVERLOADED` while it drains, and as {@link Registrar.register} does. */
  async register(definition: AppDefinition): Promise<void> {
    // What is no name is refused with all else that does not hold together.
    if (typeof definition.name === 'string') this.#expectOwned(definition.name);
    await this.#registrar.register(definition);
  }

  async unregister(name: string): Promise<void> {
    this.#expectOwned(name);
    await this.#registrar.unregister(name);
  }

  call({ app: name, fn: fnName, answer, deadlineMs, trace }: CallRequest, input: Uint8Array, caller: Caller, isOwn = false): () => void {
    this.#expectOwned(name);
    const app = this.#apps.get(name);
    const task = {
      ...{ app, fn: functionOf(app, fnName), deadlineMs, payload: [isOwn ? input : new Uint8Array(input)] },
      message: (id: number, leftMs: number | undefined) =>
        ({ type: 'call', id, app: name, fn: fnName, answer, deadlineMs: leftMs, trace }) as const,
    };
    return this.#relay.start(task, caller);
  }

  feed({ app, fn, deadlineMs }: FeedRequest, event: Uint8Array, over: () => void, isOwn = false): () => void {
    const trace = this.#streams.isTraced(app);
    return this.call({ app, fn, answer: 'all', deadlineMs, trace }, event, this.#streams.callerFor(app, over), isOwn);
  }

  subscribe(name: string, subscriber: Subscriber): () => void {
    this.#expectOwned(name);
    return this.#streams.subscribe(this.#apps.get(name).name, subscriber);
  }

  putBundle(encoded: Uint8Array): Promise<string> {
    return passBundle(this.#workers, encoded);
  }

  status(): Promise<Omit<Status, 'type' | 'id'>> {
    const owned = this.#apps.names().filter((name) => this.#ownerOf(name) === this.#setup.name);
    return statusOf(this.#workers.ready(), owned);
  }

  /** Another coordinator hands over objects of apps that are this one's by now. */
  inherit(connection: WorkerConnection): void {
    connection.onMessage((message, payload) => {
      if (message.type !== 'app-object') {
        connection.destroy(new PheromoneError('BAD_MESSAGE', `coordinator: expected app-object of another one, got ${message.type}`));
        return;
      }
      const { id } = message;
      this.#take(message, payload).then(
        () => connection.send({ type: 'taken', id }),
        (error: unknown) => connection.send({ type: 'refusal', id, ...codeAndText(error) }),
      );
    });
  }

  /** Takes no new sessions; resolves when none is under way any more, and the other coordinators have what is theirs. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    await this.#relay.idle();
    await this.#successors.settled();
  }

  /** Ends all connections to workers. What is under way is given up. */
  stop(): void {
    this.#isDraining = true;
    this.#relay.close();
    this.#gathering.stop();
    this.#successors.close();
    this.#workers.close();
  }

  /** Where there is no coordinator in the view, it is this one's own. */
  #ownerOf(name: string): string {
    return this.#ring?.ownerOf(name) ?? this.#setup.name;
  }

  /** Throws `WRONG_COORDINATOR`, and `OVERLOADED` while it drains. */
  #expectOwned(name: string): void {
    const owner = this.#ownerOf(name);
    const self = this.#setup.name;
    if (owner !== self) {
      throw new PheromoneError('WRONG_COORDINATOR', `app "${name}": expected its coordinator "${owner}" to be asked, not "${self}"`);
    }
    if (this.#isDraining) throw new PheromoneError('OVERLOADED', `coordinator "${self}" ends, and takes no new work`);
  }

  #onFreed(): void {
    this.#relay.retry();
    if (this.#whenReady !== undefined && this.#workers.areAllReady) this.#whenReady();
  }

  /** A node that can run the function itself only gives it away to one that begins it at once. */
  #place(worker: Worker, { id, app: name, fn: fnName, count, inputs, exclude }: Place): void {
    const app = this.#apps.current(name);
    const { requires = [] } = app?.plan.functions[app.plan.functionIndex.get(fnName) ?? -1]?.definition ?? {};
    const onlyIdle = requires.every((label) => worker.member.labels.includes(label));
    const request = { fn: fnName, requires, count, inputs, exclude: [...exclude, worker.name], onlyIdle };
    const placing = app === undefined ? undefined : this.#workers.place(app, request);
    worker.link?.send({ type: 'placed', id, node: placing?.node ?? '', count: placing?.count ?? 0, leaseMs: this.#setup.leaseMs });
  }

  #onObject(worker: Worker, object: AppObject, bytes: Uint8Array): void {
    const session = worker.ordinal * SESSIONS_PER_WORKER + (object.session % SESSIONS_PER_WORKER);
    const { type: _, id, ...handed } = object;
    this.#pass({ ...handed, session }, bytes).then(
      () => worker.link?.send({ type: 'taken', id }),
      (error: unknown) => worker.link?.send({ type: 'refusal', id, ...codeAndText(error) }),
    );
  }

  /** Gives an object to the triggers of its app, wherever they are. Rejects as they do, and with `DISCONNECTED`. */
  #pass(object: HandedObject, bytes: Uint8Array): Promise<void> {
    const owner = this.#ownerOf(object.app);
    return owner === this.#setup.name ? this.#take(object, bytes) : this.#successors.hand(owner, object, new Uint8Array(bytes));
  }

  /** Rejects with `UNKNOWN_APP`, and as {@link Gathering.take} does. */
  async #take(object: HandedObject, bytes: Uint8Array): Promise<void> {
    const { app: name, version } = object;
    const app = this.#apps.withVersion(name, version);
    if (app === undefined) throw new PheromoneError('UNKNOWN_APP', `app "${name}": expected a version that has sessions, got ${version}`);
    await this.#gathering.take(app, object, bytes);
  }

  /** What the triggers of apps hold that are another coordinator's by now goes to that one. */
  #handOver(): void {
    const leaving = this.#stranded;
    this.#stranded = [];
    for (const app of this.#gathering.apps()) {
      if (this.#ownerOf(app.name) === this.#setup.name) continue;
      const version = versionOf(app);
      for (const { label: origin, bytes, triggers } of this.#gathering.release(app)) {
        leaving.push({ object: { app: app.name, version, ...origin, triggers }, bytes });
      }
    }
    for (const { object, bytes } of leaving) {
      this.#pass(object, bytes).catch((error: unknown) => {
        const { code, message } = toPheromoneError(error);
        if (code === 'DISCONNECTED') this.#stranded.push({ object, bytes });
        else this.#log.error('object refused by its new coordinator', { app: object.app, code, why: message });
      });
    }
  }

  #open(app: App, fn: FunctionPlan, objects: readonly GatheredObject[]): void {
    const caller = this.#streams.callerFor(app.name);
    const heads = objects.map(({ label: { label }, bytes }) => ({ ...label, size: bytes.length }));
    const message = (id: number, deadlineMs: number | undefined) => {
      const trace = this.#streams.isTraced(app.name);
      const version = versionOf(app);
      return { type: 'open', id, app: app.name, version, fn: fn.definition.name, objects: heads, deadlineMs, trace } as const;
    };
    try {
      this.#relay.start({ app, fn, payload: objects.map(({ bytes }) => bytes), deadlineMs: undefined, message }, caller);
    } catch (error) {
      const { code, message: text } = toPheromoneError(error);
      caller.failed(code, text);
    }
  }
}

/** Throws `UNKNOWN_FUNCTION`. */
function functionOf({ plan }: App, name: string): FunctionPlan {
  const fn = plan.functions[plan.functionIndex.get(name) ?? -1];
  if (fn !== undefined) return fn;
  throw new PheromoneError('UNKNOWN_FUNCTION', `app "${plan.name}": expected one of its functions, got "${name}"`);
}

function codeAndText(error: unknown): { readonly code: ErrorCode; readonly message: string } {
  const { code, message } = toPheromoneError(error);
  return { code, message };
}
