/** A subscription that goes where its app goes. */
import { setTimeout as pause } from 'node:timers/promises';
import { PheromoneError } from '../core/errors.ts';
import { WIRE_LIMITS } from '../wire/limits.ts';
import type { Client } from './client.ts';
import type { Coordinators } from './coordinators.ts';
import { notify, type SubscribeOptions, type Subscription } from './subscription.ts';

/**
 * Listens at the coordinator that owns the app, and goes on listening at those that owned it before, as long as they
 * are there: sessions that were fed to them end there.
 */
export class FollowingSubscription implements Subscription {
  readonly #app: string;
  readonly #options: SubscribeOptions;
  readonly #coordinators: Coordinators;
  readonly #open = new Map<Client, Subscription>();
  readonly #closed = Promise.withResolvers<void>();
  #isClosed = false;

  constructor(app: string, options: SubscribeOptions, coordinators: Coordinators) {
    this.#app = app;
    this.#options = options;
    this.#coordinators = coordinators;
  }

  /** Resolves once the app's owner has accepted it. */
  async open(): Promise<Client> {
    const member = this.#coordinators.ownerOf(this.#app);
    const client = await this.#coordinators.reach(member).reached;
    if (this.#open.has(client)) return client;
    const onFault = (error: PheromoneError): void => {
      // Of the connection's end more is known here.
      if (error.code !== 'DISCONNECTED') this.#tell(error);
    };
    const subscription = await client.subscribe(this.#app, { ...this.#options, onFault });
    if (this.#isClosed) {
      await subscription.close();
      return client;
    }
    this.#open.set(client, subscription);
    void client.ended.then(({ message }) => {
      this.#open.delete(client);
      this.#tell(new PheromoneError('NODE_LOST', `subscription to app ${this.#app}: lost coordinator ${member.name}: ${message}`));
    });
    return client;
  }

  /** Listens wherever the app goes, until it is closed. */
  async follow(): Promise<void> {
    const { rejoinMinMs, rejoinMaxMs } = WIRE_LIMITS;
    let pauseMs: number = rejoinMinMs;
    while (!this.#isClosed) {
      const { changed } = this.#coordinators;
      try {
        const client = await this.open();
        pauseMs = rejoinMinMs;
        await Promise.race([changed, client.ended, this.#closed.promise]);
      } catch {
        // A new owner may have to learn of the app first.
        await Promise.race([changed, pause(pauseMs), this.#closed.promise]);
        pauseMs = Math.min(2 * pauseMs, rejoinMaxMs);
      }
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#closed.resolve();
    const open = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(open.map((subscription) => subscription.close()));
  }

  /** The client was closed. */
  disconnected(cause: PheromoneError): void {
    if (this.#isClosed) return;
    this.#tell(new PheromoneError('DISCONNECTED', `subscription to app ${this.#app}: ended by ${cause.message}`, { cause }));
    this.#isClosed = true;
    this.#closed.resolve();
  }

  #tell(error: PheromoneError): void {
    const { onFault } = this.#options;
    if (!this.#isClosed && onFault !== undefined) notify(onFault, error);
  }
}
