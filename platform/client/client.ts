/** The SDK: register apps with a node, call them, feed them and listen to them. */
import type { AppDefinition } from '../core/app.ts';
import { PheromoneError } from '../core/errors.ts';
import { CLIENT_SIDE, type NodeConnection } from '../wire/client-protocol.ts';
import { dial } from '../wire/greeting.ts';
import { WIRE_LIMITS } from '../wire/limits.ts';
import type { ClientMessage, NodeMessage } from '../wire/messages.ts';
import type { Security } from '../wire/security.ts';
import { AppEditor } from './app-editor.ts';
import { type BundleSource, encodedBundle } from './bundle.ts';
import { faultOfCall, faultOfInput, faultOfSubscription } from './check.ts';
import { type Abandon, expectAnswer, type Pending, PendingRequest, type ReadAnswer, readDone, startTimer } from './pending.ts';
import type { PheromoneClient, PlatformStatus } from './pheromone-client.ts';
import { type CallOptions, type CallResult, type FeedOptions, type Run, readResult } from './run.ts';
import { OpenSubscription, type SubscribeOptions, type Subscription } from './subscription.ts';

const KEEP = { keep: true } as const;
const NOTHING = new Uint8Array(0);

/** How often a node that says nothing is asked before it is given up, the silence before the first one counted. */
const QUESTIONS = 3;

/** How long a client waits for its node. */
type Patience = Readonly<Record<'requestTimeoutMs' | 'silenceMs', number>>;

export interface ClientOptions {
  readonly host: string;
  readonly port: number;
  /** As the node has it. Left out: neither secret nor TLS. */
  readonly security?: Security | undefined;
  /** How long the node may take to answer the first contact. Default: `WIRE_LIMITS.connectMs`. */
  readonly timeoutMs?: number | undefined;
  /** How long the node may take to answer anything but a call. Default: `WIRE_LIMITS.requestMs`. */
  readonly requestTimeoutMs?: number | undefined;
  /** How long the node may say nothing at all while something is awaited from it. Default: `WIRE_LIMITS.silenceMs`. */
  readonly silenceMs?: number | undefined;
}

/**
 * Connects to a node. Rejects with `DISCONNECTED` if none answers in time, with `BAD_MESSAGE` if it speaks another
 * version, with `UNAUTHENTICATED` unless both ends have the same security.
 */
export async function connectClient(options: ClientOptions): Promise<Client> {
  const { host, port, security, timeoutMs, requestTimeoutMs = WIRE_LIMITS.requestMs, silenceMs = WIRE_LIMITS.silenceMs } = options;
  const self = { role: 'client', name: `client of process ${process.pid}` } as const;
  const { connection, peer } = await dial({ host, port, self, protocol: CLIENT_SIDE, security, timeoutMs });
  return new Client(connection, peer.pid, { requestTimeoutMs, silenceMs });
}

/**
 * A connection to a node; made by {@link connectClient}. Any number of calls may be under way. When the connection
 * ends, everything under way and everything after it rejects with `DISCONNECTED`; a node that stands still, or is cut
 * off, counts as that. Anything but a call also rejects with `DEADLINE_EXCEEDED`, if the node does not answer it in time.
 */
export class Client extends AppEditor implements PheromoneClient {
  /** Process id of the node. */
  readonly pid: number;
  readonly ended: Promise<PheromoneError>;
  readonly #connection: NodeConnection;
  readonly #requestTimeoutMs: number;
  readonly #pending = new Map<number, Pending>();
  /** By the ids of their requests. */
  readonly #subscriptions = new Map<number, OpenSubscription>();
  #lastId = 0;
  /** Why nothing more can be asked, once that is so. */
  #ended: PheromoneError | undefined;

  constructor(connection: NodeConnection, pid: number, { requestTimeoutMs, silenceMs }: Patience) {
    super();
    this.pid = pid;
    this.#connection = connection;
    this.#requestTimeoutMs = requestTimeoutMs;
    connection.keepAlive({
      intervalMs: silenceMs / QUESTIONS,
      timeoutMs: silenceMs,
      isBusy: () => this.#pending.size + this.#subscriptions.size > 0,
    });
    connection.onMessage((message, payload, isOwn) => this.#receive(message, payload, isOwn));
    this.ended = new Promise((resolve) => {
      connection.onClose((error) => resolve(this.#end(error ?? new PheromoneError('DISCONNECTED', 'the node closed the connection'))));
    });
  }

  /** Calls function `fn` of an app with `input`: {@link start} for those who only want the result. */
  call(app: string, fn: string, input: Uint8Array, options?: CallOptions): Promise<CallResult> {
    return this.start(app, fn, input, options).result;
  }

  /**
   * Starts a call of function `fn` of an app; never throws. An input above `WIRE_LIMITS.copyBytes` is not copied:
   * leave it as it is until the result is there. It may lie in shared memory.
   */
  start(app: string, fn: string, input: Uint8Array, options: CallOptions = {}): Run {
    const { answer = 'first', deadlineMs, signal, trace = false } = options;
    const run = new PendingRequest(this.#nextId(), 'call', readResult, this.#cancel);
    const fault = faultOfCall(app, fn, input, options);
    if (fault !== undefined) run.fail(fault);
    else if (this.#send(run, { type: 'call', id: run.id, app, fn, answer, deadlineMs, trace }, input)) run.limit(deadlineMs, signal);
    return run;
  }

  /**
   * Hands an event to function `fn` of an app, in a session of its own whose outputs go to the app's subscribers.
   * Resolves once the node has accepted it. For `input` holds what {@link start} says of it.
   */
  feed(app: string, fn: string, input: Uint8Array, options: FeedOptions = {}): Promise<void> {
    const { deadlineMs, signal } = options;
    const accepted: ReadAnswer<void> = (message) => {
      readDone(message);
      if (signal !== undefined) this.#cancelOn(signal, feed.id, deadlineMs);
    };
    const feed = new PendingRequest(this.#nextId(), 'feed', accepted, this.#cancel);
    const fault = faultOfInput(app, fn, input, options);
    if (fault !== undefined) feed.fail(fault);
    else if (this.#send(feed, { type: 'feed', id: feed.id, app, fn, deadlineMs }, input)) {
      feed.limit(Math.min(deadlineMs ?? Number.POSITIVE_INFINITY, this.#requestTimeoutMs), signal);
    }
    return feed.result;
  }

  /**
   * Listens to the sessions of an app that were fed, by whomever, or that triggers of app scope opened. Every
   * output is the subscriber's own copy.
   */
  async subscribe(app: string, options: SubscribeOptions): Promise<Subscription> {
    const fault = faultOfSubscription(app, options);
    if (fault !== undefined) throw fault;
    const id = this.#nextId();
    const subscription = new OpenSubscription(app, options, () => this.#unsubscribe(id));
    // At once, since events may follow in the same chunk.
    const accepted: ReadAnswer<void> = (message) => {
      readDone(message);
      this.#subscriptions.set(id, subscription);
    };
    const abandon: Abandon = (request, error) => {
      this.#connection.send({ type: 'unsubscribe', id: this.#nextId(), subscription: id });
      this.#drop(request, error);
    };
    await this.#ask(new PendingRequest(id, 'subscribe', accepted, abandon), { type: 'subscribe', id, app, trace: options.trace ?? false });
    return subscription;
  }

  /** Stores code durably, and gives its id; see {@link PheromoneClient.uploadBundle}. */
  async uploadBundle(bundle: BundleSource): Promise<string> {
    const encoded = await encodedBundle(bundle);
    const read: ReadAnswer<string> = (message) => expectAnswer(message, 'bundle-stored').bundle;
    return this.#request('bundle', (id) => ({ type: 'put-bundle', id }), read, encoded);
  }

  /** What the node is doing. */
  status(): Promise<PlatformStatus> {
    const read: ReadAnswer<PlatformStatus> = (message) => {
      const { sessions, executors, memory, counters, apps, nodes } = expectAnswer(message, 'status');
      return { sessions, executors, memory, counters, apps, ...(nodes === undefined ? {} : { nodes }) };
    };
    return this.#request('status', (id) => ({ type: 'status', id }), read);
  }

  /** Ends the connection; what is under way rejects with `CANCELLED`. Resolves once it is closed, and never rejects. */
  async close(): Promise<void> {
    this.#end(new PheromoneError('CANCELLED', 'the client was closed'));
    this.#connection.close();
    await this.ended;
  }

  /** Whether nothing more can be asked. */
  get isEnded(): boolean {
    return this.#ended !== undefined;
  }

  /** Ends the connection at once, since it is of no more use; what is under way rejects with `error`. */
  disconnect(error: PheromoneError): void {
    this.#end(error);
    this.#connection.destroy(error);
  }

  protected install(app: AppDefinition): Promise<void> {
    return this.#request('register', (id) => ({ type: 'register', id, app }), readDone);
  }

  protected withdraw(name: string): Promise<void> {
    return this.#request('unregister', (id) => ({ type: 'unregister', id, app: name }), readDone);
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** Sends a request of which the node needs not be told if it is given up. */
  #request<T>(what: string, messageOf: (id: number) => ClientMessage, read: ReadAnswer<T>, payload?: Uint8Array): Promise<T> {
    const request = new PendingRequest(this.#nextId(), what, read, this.#drop);
    return this.#ask(request, messageOf(request.id), payload);
  }

  #ask<T>(request: PendingRequest<T>, message: ClientMessage, payload?: Uint8Array): Promise<T> {
    if (this.#send(request, message, payload)) request.limit(this.#requestTimeoutMs);
    return request.result;
  }

  /** Fails the request, and returns `false`, if it cannot be sent. */
  #send(request: Pending, message: ClientMessage, payload: Uint8Array = NOTHING): boolean {
    try {
      if (this.#ended !== undefined) throw this.#ended;
      this.#connection.send(message, payload, payload.length > WIRE_LIMITS.copyBytes ? KEEP : undefined);
      this.#pending.set(request.id, request);
      return true;
    } catch (error) {
      request.fail(error as PheromoneError);
      return false;
    }
  }

  #receive(message: NodeMessage, payload: Uint8Array, isOwn: boolean): void {
    if (message.type === 'event' || message.type === 'fault') {
      this.#subscriptions.get(message.subscription)?.receive(message, payload, isOwn);
      return;
    }
    const pending = this.#pending.get(message.id);
    if (pending === undefined) {
      // Otherwise the late answer to a request that was given up.
      if (message.id === 0 && message.type === 'failed') this.#connection.destroy(new PheromoneError(message.code, message.message));
      return;
    }
    this.#pending.delete(message.id);
    if (message.type === 'failed') pending.fail(new PheromoneError(message.code, message.message));
    else pending.answer(message, payload, isOwn);
  }

  readonly #drop: Abandon = (request, error) => {
    if (this.#pending.delete(request.id)) request.fail(error);
  };

  readonly #cancel: Abandon = (request, error) => {
    if (!this.#pending.delete(request.id)) return;
    this.#connection.send({ type: 'cancel', id: request.id });
    request.fail(error);
  };

  /** Has `signal` give up an accepted event, as long as its session may last. */
  #cancelOn(signal: AbortSignal, feed: number, deadlineMs = Number.POSITIVE_INFINITY): void {
    const cancel = (): void => this.#connection.send({ type: 'cancel', id: feed });
    signal.addEventListener('abort', cancel, { once: true });
    startTimer(deadlineMs, () => signal.removeEventListener('abort', cancel))?.unref();
  }

  async #unsubscribe(subscription: number): Promise<void> {
    // Otherwise the connection is over.
    if (!this.#subscriptions.delete(subscription)) return;
    try {
      await this.#request('unsubscribe', (id) => ({ type: 'unsubscribe', id, subscription }), readDone);
    } catch (error) {
      if (this.#ended === undefined) throw error;
    }
  }

  /** Returns why the connection is over: the first reason that was given. */
  #end(error: PheromoneError): PheromoneError {
    this.#ended ??= error;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const request of pending) request.fail(error);
    const subscriptions = [...this.#subscriptions.values()];
    this.#subscriptions.clear();
    for (const subscription of subscriptions) subscription.disconnected(error);
    return this.#ended;
  }
}
