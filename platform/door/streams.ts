/** Who is told of the outputs of sessions that nobody waits for: those fed with events, and those that triggers of app scope open. */
import type { Trace } from '../wire/messages.ts';
import type { Caller, Subscriber } from './service.ts';

const NO_TRACE: Trace = { spans: [] };

export class Streams {
  readonly #byApp = new Map<string, Set<Subscriber>>();

  /** Returns the function that ends the subscription. */
  subscribe(app: string, subscriber: Subscriber): () => void {
    const subscribers = this.#byApp.get(app) ?? new Set();
    this.#byApp.set(app, subscribers.add(subscriber));
    return () => {
      subscribers.delete(subscriber);
      if (subscribers.size === 0 && this.#byApp.get(app) === subscribers) this.#byApp.delete(app);
    };
  }

  isTraced(app: string): boolean {
    return [...(this.#byApp.get(app) ?? [])].some(({ trace }) => trace);
  }

  /** The caller of a session whose outputs go to the app's subscribers; `over` is called when there is nothing more to tell. */
  callerFor(app: string, over?: () => void): Caller {
    const subscribers = (): Iterable<Subscriber> => this.#byApp.get(app) ?? [];
    return {
      answered(outputs, bytes, trace, release) {
        if (outputs.length > 0)
          for (const subscriber of subscribers()) subscriber.output(outputs, bytes, subscriber.trace ? trace : NO_TRACE);
        release();
        over?.();
      },
      failed(code, message) {
        for (const subscriber of subscribers()) subscriber.fault(code, message);
        over?.();
      },
    };
  }
}
