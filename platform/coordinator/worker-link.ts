/** A connection to a worker node: what is asked over it, and what comes of that. */
import { PheromoneError } from '../core/errors.ts';
import type { SendOptions } from '../wire/connection.ts';
import type { AppObject, AppsNews, CoordinatorMessage, Load, Place, WorkerMessage } from '../wire/coordinator-messages.ts';
import type { WorkerConnection } from '../wire/coordinator-protocol.ts';
import type { KeepAliveOptions } from '../wire/keep-alive.ts';

/** What a worker says without being asked. */
export interface WorkerEvents {
  apps(news: AppsNews): void;
  load(load: Load): void;
  place(request: Place): void;
  /** `bytes` must have been copied on return. */
  object(object: AppObject, bytes: Uint8Array): void;
  /** The connection is over; once, last, but for those who wait for an answer: they are told after it. */
  over(error: PheromoneError): void;
}

/** Whoever asked a worker for something. Exactly one of the two is called, once, unless the request was forgotten. */
export interface Asker {
  /** `payload` is the asker's own only where `isOwn` says so; else it must be copied, or sent on, before the return. */
  answered(message: WorkerMessage, payload: Uint8Array, isOwn: boolean): void;
  /** The connection ended before the answer. */
  lost(error: PheromoneError): void;
}

export class WorkerLink {
  readonly #connection: WorkerConnection;
  readonly #events: WorkerEvents;
  readonly #askers = new Map<number, Asker>();
  #lastId = 0;
  #isOver = false;

  constructor(connection: WorkerConnection, events: WorkerEvents) {
    this.#connection = connection;
    this.#events = events;
  }

  /** From now on events are told, also those that have come before. */
  listen(keepAlive: Omit<KeepAliveOptions, 'isBusy'>): void {
    this.#connection.keepAlive({ ...keepAlive, isBusy: () => this.#askers.size > 0 });
    this.#connection.onClose((error) => this.#end(error ?? new PheromoneError('DISCONNECTED', 'the worker closed the connection')));
    this.#connection.onMessage((message, payload, isOwn) => this.#receive(message, payload, isOwn));
  }

  /** The id for a request whose answer `asker` gets. */
  expect(asker: Asker): number {
    this.#lastId += 1;
    this.#askers.set(this.#lastId, asker);
    return this.#lastId;
  }

  /** The answer to this request, if it comes, is of no interest any more. */
  forget(id: number): void {
    this.#askers.delete(id);
  }

  /** Sends as {@link WorkerConnection.send} does. */
  send(message: CoordinatorMessage, payload?: readonly Uint8Array[], options?: SendOptions): void {
    this.#connection.send(message, payload, options);
  }

  /** Asks for something whose answer is `done`. Rejects with the error that comes instead, or `DISCONNECTED`. */
  request(messageWith: (id: number) => CoordinatorMessage): Promise<void> {
    return this.ask(messageWith).then(() => {});
  }

  /** Asks for something and gives the answer. Leave `payload` as it is until then. Rejects with the error that comes instead, or `DISCONNECTED`. */
  ask(messageWith: (id: number) => CoordinatorMessage, payload?: Uint8Array): Promise<WorkerMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<WorkerMessage>();
    if (this.#isOver) {
      reject(new PheromoneError('DISCONNECTED', 'the connection to the worker is over'));
      return promise;
    }
    const id = this.expect({
      answered: (message) => (message.type === 'failed' ? reject(new PheromoneError(message.code, message.message)) : resolve(message)),
      lost: reject,
    });
    try {
      this.send(messageWith(id), payload && [payload], { keep: true });
    } catch (error) {
      this.forget(id);
      reject(error);
    }
    return promise;
  }

  /** Ends the connection at once. */
  destroy(error: PheromoneError): void {
    this.#connection.destroy(error);
    this.#end(error);
  }

  #receive(message: WorkerMessage, payload: Uint8Array, isOwn: boolean): void {
    switch (message.type) {
      case 'apps':
        this.#events.apps(message);
        break;
      case 'load':
        this.#events.load(message);
        break;
      case 'place':
        this.#events.place(message);
        break;
      case 'app-object':
        this.#events.object(message, payload);
        break;
      case 'event':
      case 'fault':
        break; // Never subscribed to.
      default:
        this.#answer(message, payload, isOwn);
    }
  }

  #answer(
    message: Exclude<WorkerMessage, { type: 'apps' | 'load' | 'place' | 'app-object' | 'event' | 'fault' }>,
    payload: Uint8Array,
    isOwn: boolean,
  ): void {
    const asker = this.#askers.get(message.id);
    if (asker !== undefined) {
      this.#askers.delete(message.id);
      asker.answered(message, payload, isOwn);
    } else if (message.id === 0 && message.type === 'failed') {
      this.destroy(new PheromoneError(message.code, message.message));
    }
  }

  #end(error: PheromoneError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const askers = [...this.#askers.values()];
    this.#askers.clear();
    this.#events.over(error);
    for (const asker of askers) asker.lost(error);
  }
}
