/** The node's door: clients' messages to the scheduler, its answers back. */
import { type ErrorCode, PheromoneError } from '../core/errors.ts';
import { type ClientConnection, type Listener, listen } from '../wire/connection.ts';
import { type Call, type ClientMessage, type Feed, PROTOCOL_VERSION, type Subscribe } from '../wire/messages.ts';
import type { Scheduler } from './scheduler.ts';
import type { Subscriber } from './streams.ts';

/** Serves clients of a scheduler. Rejects with `DISCONNECTED` if the address cannot be had. */
export function serve(scheduler: Scheduler, address: { readonly host: string; readonly port: number }): Promise<Listener> {
  return listen({ ...address, onConnection: (connection) => new ClientSession(scheduler, connection) });
}

/** One client: its calls under way and its subscriptions end with its connection; what it has fed goes on. */
class ClientSession {
  readonly #scheduler: Scheduler;
  readonly #connection: ClientConnection;
  readonly #calls = new Map<number, () => void>();
  readonly #feeds = new Map<number, () => void>();
  readonly #subscriptions = new Map<number, () => void>();
  #greeted = false;

  constructor(scheduler: Scheduler, connection: ClientConnection) {
    this.#scheduler = scheduler;
    this.#connection = connection;
    connection.onMessage((message, payload) => this.#receive(message, payload));
    connection.onClose(() => {
      for (const giveUp of this.#calls.values()) giveUp();
      for (const unsubscribe of this.#subscriptions.values()) unsubscribe();
    });
  }

  #receive(message: ClientMessage, payload: Uint8Array): void {
    if (message.type === 'hello') this.#greet(message.version);
    else if (!this.#greeted) throw new PheromoneError('BAD_MESSAGE', `expected hello as the first message, got ${message.type}`);
    else this.#serve(message, payload);
  }

  #greet(version: number): void {
    if (version !== PROTOCOL_VERSION) {
      throw new PheromoneError('BAD_MESSAGE', `expected protocol version ${PROTOCOL_VERSION}, got ${version}`);
    }
    this.#greeted = true;
    this.#connection.send({ type: 'welcome', version: PROTOCOL_VERSION, pid: process.pid });
  }

  #serve(message: Exclude<ClientMessage, { type: 'hello' }>, payload: Uint8Array): void {
    const { id } = message;
    switch (message.type) {
      case 'call':
        this.#attempt(id, () => this.#call(message, payload));
        break;
      case 'cancel':
        (this.#calls.get(id) ?? this.#feeds.get(id))?.();
        break;
      case 'feed':
        this.#attempt(id, () => this.#feed(message, payload));
        break;
      case 'subscribe':
        this.#attempt(id, () => this.#subscribe(message));
        break;
      case 'unsubscribe':
        this.#subscriptions.get(message.subscription)?.();
        this.#subscriptions.delete(message.subscription);
        this.#connection.send({ type: 'done', id });
        break;
      case 'register':
        this.#scheduler.register(message.app).then(
          () => this.#connection.send({ type: 'done', id }),
          (error: unknown) => this.#fail(id, error),
        );
        break;
      case 'unregister':
        this.#attempt(id, () => {
          this.#scheduler.unregister(message.app);
          this.#connection.send({ type: 'done', id });
        });
        break;
      case 'status':
        this.#connection.send({ type: 'status', id, ...this.#scheduler.status() });
        break;
    }
  }

  #call({ id, ...request }: Call, input: Uint8Array): void {
    const giveUp = this.#scheduler.call(request, input, {
      answered: (outputs, bytes, spans, release) => {
        this.#calls.delete(id);
        try {
          this.#connection.send({ type: 'result', id, outputs, spans }, bytes, { keep: true, sent: release });
        } catch (error) {
          release();
          this.#fail(id, error);
        }
      },
      failed: (code, text) => this.#failed(id, code, text),
    });
    this.#calls.set(id, giveUp);
  }

  #feed({ id, ...request }: Feed, event: Uint8Array): void {
    const giveUp = this.#scheduler.feed(request, event, () => this.#feeds.delete(id));
    this.#feeds.set(id, giveUp);
    this.#connection.send({ type: 'done', id });
  }

  #subscribe({ id, app, trace }: Subscribe): void {
    const subscriber: Subscriber = {
      trace,
      output: (outputs, bytes, spans) => {
        try {
          this.#connection.send({ type: 'event', subscription: id, outputs, spans }, bytes);
        } catch (error) {
          const { code, message } = error as PheromoneError;
          subscriber.fault(code, message);
        }
      },
      fault: (code, message) => this.#connection.send({ type: 'fault', subscription: id, code, message }),
    };
    this.#subscriptions.set(id, this.#scheduler.subscribe(app, subscriber));
    this.#connection.send({ type: 'done', id });
  }

  #attempt(id: number, action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#fail(id, error);
    }
  }

  #fail(id: number, error: unknown): void {
    if (error instanceof PheromoneError) this.#failed(id, error.code, error.message);
    else this.#failed(id, 'INTERNAL', `node: ${error}`);
  }

  #failed(id: number, code: ErrorCode, message: string): void {
    this.#calls.delete(id);
    this.#connection.send({ type: 'failed', id, code, message });
  }
}
