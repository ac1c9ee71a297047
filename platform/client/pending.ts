/** A request under way. */
import { PheromoneError } from '../core/errors.ts';
import { WIRE_LIMITS } from '../wire/limits.ts';
import type { NodeMessage } from '../wire/messages.ts';

/** Timers know no longer delays; what lies beyond is left to the node. */
const TIMER_LIMIT_MS = 2_147_483_647;

/** Makes of an answer what was asked for; it is handed over as a {@link Connection} does. Throws `BAD_MESSAGE`. */
export type ReadAnswer<T> = (message: NodeMessage, payload: Uint8Array, isOwn: boolean) => T;

/** A request that waits for the node's answer. */
export interface Pending {
  /** Unique per connection. */
  readonly id: number;
  /** Any answer but `failed`. */
  answer(message: NodeMessage, payload: Uint8Array, isOwn: boolean): void;
  fail(error: PheromoneError): void;
}

/** Fails a request, and tells the node of it where that matters, if it is not over yet. */
export type Abandon = (request: Pending, error: PheromoneError) => void;

export class PendingRequest<T> implements Pending {
  readonly id: number;
  /** Rejects with a {@link PheromoneError}. */
  readonly result: Promise<T>;
  readonly #what: string;
  readonly #read: ReadAnswer<T>;
  readonly #abandon: Abandon;
  readonly #resolve: (result: T) => void;
  readonly #reject: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #signal: AbortSignal | undefined;
  /** Gives the request up; does nothing once it is over. */
  readonly cancel = (): void => {
    // Whoever cancels knows that the result will reject.
    this.result.catch(() => {});
    this.#abandon(this, new PheromoneError('CANCELLED', `${this.#what} ${this.id}: cancelled by the caller`));
  };

  /** `what` is asked for, in messages. */
  constructor(id: number, what: string, read: ReadAnswer<T>, abandon: Abandon) {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.id = id;
    this.result = promise;
    this.#what = what;
    this.#read = read;
    this.#abandon = abandon;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Abandons the request when `signal` fires, or when the node lets `timeoutMs` pass by more than it is granted. */
  limit(timeoutMs: number | undefined, signal?: AbortSignal): void {
    if (timeoutMs !== undefined) {
      this.#timer = startTimer(timeoutMs + WIRE_LIMITS.deadlineGraceMs, () => {
        const message = `${this.#what} ${this.id}: expected an answer within ${timeoutMs} ms, got none`;
        this.#abandon(this, new PheromoneError('DEADLINE_EXCEEDED', message));
      });
    }
    this.#signal = signal;
    signal?.addEventListener('abort', this.cancel);
  }

  answer(message: NodeMessage, payload: Uint8Array, isOwn: boolean): void {
    this.#unlimit();
    try {
      this.#resolve(this.#read(message, payload, isOwn));
    } catch (error) {
      this.#reject(error);
    }
  }

  fail(error: PheromoneError): void {
    this.#unlimit();
    this.#reject(error);
  }

  #unlimit(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.cancel);
  }
}

/** `undefined`, and `action` is never called, where `delayMs` is beyond what timers know. */
export function startTimer(delayMs: number, action: () => void): NodeJS.Timeout | undefined {
  return delayMs <= TIMER_LIMIT_MS ? setTimeout(action, delayMs) : undefined;
}

/** The message, if it is of this type. Throws `BAD_MESSAGE`. */
export function expectAnswer<T extends NodeMessage['type']>(message: NodeMessage, type: T): Extract<NodeMessage, { type: T }> {
  if (message.type !== type) throw new PheromoneError('BAD_MESSAGE', `node: expected ${type}, got ${message.type}`);
  return message as Extract<NodeMessage, { type: T }>;
}

/** Reads an answer that says nothing but that all went well. */
export function readDone(message: NodeMessage): void {
  expectAnswer(message, 'done');
}
