/** The outputs of an app's sessions that nobody waits for: those that were fed, or that triggers of app scope opened. */
import { PheromoneError } from '../core/errors.ts';
import type { SubscriptionEvent, SubscriptionFault } from '../wire/messages.ts';
import { type CallResult, ownOutputs, traceOf } from './run.ts';

/** What a listener throws ends neither connection nor subscription: it is reported as an uncaught exception. */
export interface SubscribeOptions {
  /** Have results say when each invocation ran. Default `false`. */
  readonly trace?: boolean;
  /** Called with all outputs of each session that is over. */
  readonly onOutput: (result: CallResult) => void;
  /**
   * Called when a session failed. `DISCONNECTED` comes once and last, when the connection has ended or was closed;
   * what happens to sessions after that is not known here.
   */
  readonly onFault?: ((error: PheromoneError) => void) | undefined;
}

export interface Subscription {
  /** Ends the subscription: its listeners are not called again. Resolves once the node has stopped sending, or the connection is over. */
  close(): Promise<void>;
}

/** A subscription that the node has accepted. */
export class OpenSubscription implements Subscription {
  readonly #app: string;
  readonly #options: SubscribeOptions;
  readonly #unsubscribe: () => Promise<void>;
  #closed: Promise<void> | undefined;

  /** `unsubscribe` is called once, and sees to it that nothing is received after it. */
  constructor(app: string, options: SubscribeOptions, unsubscribe: () => Promise<void>) {
    this.#app = app;
    this.#options = options;
    this.#unsubscribe = unsubscribe;
  }

  close(): Promise<void> {
    this.#closed ??= this.#unsubscribe();
    return this.#closed;
  }

  /** Takes what the node sent; handed over as a {@link Connection} does. */
  receive(message: SubscriptionEvent | SubscriptionFault, payload: Uint8Array, isOwn: boolean): void {
    const { onOutput, onFault } = this.#options;
    if (message.type === 'event') notify(onOutput, { outputs: ownOutputs(message.outputs, payload, isOwn), ...traceOf(message) });
    else if (onFault !== undefined) notify(onFault, new PheromoneError(message.code, message.message));
  }

  /** Takes the end of the connection. */
  disconnected(cause: PheromoneError): void {
    const { onFault } = this.#options;
    if (onFault === undefined) return;
    notify(onFault, new PheromoneError('DISCONNECTED', `subscription to app ${this.#app}: ended by ${cause.message}`, { cause }));
  }
}

/** Calls a listener; what it throws is reported as an uncaught exception. */
export function notify<T>(listener: (value: T) => void, value: T): void {
  try {
    listener(value);
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}
