/** One client at the door: its messages to the service, the service's answers back. */
import { type ErrorCode, PheromoneError } from '../core/errors.ts';
import type { ClientConnection } from '../wire/client-protocol.ts';
import { WIRE_LIMITS } from '../wire/limits.ts';
import type { ClientMessage, Feed, NodeMessage, Subscribe } from '../wire/messages.ts';
import type { Caller, Service, Subscriber } from './service.ts';

/** One client: its calls under way and its subscriptions end with its connection; what it has fed goes on. */
export class ClientSession {
  readonly #service: Service;
  readonly #connection: ClientConnection;
  readonly #calls = new Map<number, () => void>();
  readonly #feeds = new Map<number, () => void>();
  readonly #subscriptions = new Map<number, () => void>();
  readonly #declines: (id: number, error: PheromoneError) => boolean;

  /** `declines` may answer a call that could not even begin in another way than by `failed`; it returns whether it has. */
  constructor(service: Service, connection: ClientConnection, declines: (id: number, error: PheromoneError) => boolean = () => false) {
    this.#service = service;
    this.#connection = connection;
    this.#declines = declines;
    connection.onMessage((message, payload, isOwn) => this.receive(message, payload, isOwn));
    connection.onClose(() => this.end());
  }

  /** For whoever has taken over the handler of the connection's end. */
  end(): void {
    for (const giveUp of this.#calls.values()) giveUp();
    for (const unsubscribe of this.#subscriptions.values()) unsubscribe();
  }

  /** Answers a request like a call: `begin` opens the session and returns what gives it up. */
  begin(id: number, begin: (caller: Caller) => () => void): void {
    try {
      const giveUp = begin({
        answered: (outputs, bytes, { spans, transfers }, release) => {
          this.#calls.delete(id);
          try {
            this.#connection.send({ type: 'result', id, outputs, spans, transfers }, bytes, { keep: true, sent: release });
          } catch (error) {
            release();
            this.#fail(id, error);
          }
        },
        failed: (code, text) => this.#failed(id, code, text),
      });
      this.#calls.set(id, giveUp);
    } catch (error) {
      if (!(error instanceof PheromoneError) || !this.#declines(id, error)) this.#fail(id, error);
    }
  }

  /** Whoever has taken over the connection's messages hands those of a client on to this. */
  receive(message: ClientMessage, payload: Uint8Array, isOwn = false): void {
    const { id } = message;
    switch (message.type) {
      case 'call':
        this.begin(id, (caller) => this.#service.call(message, payload, caller, isOwn));
        break;
      case 'cancel':
        (this.#calls.get(id) ?? this.#feeds.get(id))?.();
        break;
      case 'feed':
        this.#attempt(id, () => this.#feed(message, payload, isOwn));
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
        this.#answer(id, this.#service.register(message.app), () => ({ type: 'done', id }));
        break;
      case 'unregister':
        this.#answer(id, this.#service.unregister(message.app), () => ({ type: 'done', id }));
        break;
      case 'put-bundle': {
        const stored = this.#service.putBundle(isOwn ? payload : new Uint8Array(payload));
        this.#answer(id, stored, (bundle) => ({ type: 'bundle-stored', id, bundle }));
        break;
      }
      case 'status':
        this.#answer(id, this.#service.status(), (status) => ({ type: 'status', id, ...status }));
        break;
    }
  }

  #feed({ id, ...request }: Feed, event: Uint8Array, isOwn: boolean): void {
    const giveUp = this.#service.feed(request, event, () => this.#feeds.delete(id), isOwn);
    this.#feeds.set(id, giveUp);
    this.#connection.send({ type: 'done', id });
  }

  #subscribe({ id, app, trace }: Subscribe): void {
    const subscriber: Subscriber = {
      trace,
      output: (outputs, bytes, { spans, transfers }) => {
        const { pendingBytes } = this.#connection;
        if (pendingBytes > WIRE_LIMITS.unreadBytes) {
          this.#connection.destroy(
            new PheromoneError('OVERLOADED', `subscriber: expected it to read, got ${pendingBytes} bytes that wait`),
          );
        }
        try {
          this.#connection.send({ type: 'event', subscription: id, outputs, spans, transfers }, bytes);
        } catch (error) {
          const { code, message } = error as PheromoneError;
          subscriber.fault(code, message);
        }
      },
      fault: (code, message) => this.#connection.send({ type: 'fault', subscription: id, code, message }),
    };
    this.#subscriptions.set(id, this.#service.subscribe(app, subscriber));
    this.#connection.send({ type: 'done', id });
  }

  #answer<T>(id: number, work: Promise<T>, answerOf: (result: T) => NodeMessage): void {
    work.then(
      (result) => this.#connection.send(answerOf(result)),
      (error: unknown) => this.#fail(id, error),
    );
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
    else this.#failed(id, 'INTERNAL', `${error}`);
  }

  #failed(id: number, code: ErrorCode, message: string): void {
    this.#calls.delete(id);
    this.#connection.send({ type: 'failed', id, code, message });
  }
}
