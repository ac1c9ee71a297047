/** The SDK for a cluster: each app is asked for where it belongs, also when that changes. */
import { setTimeout as pause } from 'node:timers/promises';
import type { AppDefinition } from '../core/app.ts';
import { PheromoneError, toPheromoneError } from '../core/errors.ts';
import type { Member } from '../core/membership.ts';
import { joinCluster, type Membership } from '../member/membership.ts';
import { bundleId } from '../store/bundles.ts';
import { WIRE_LIMITS } from '../wire/limits.ts';
import { AppEditor } from './app-editor.ts';
import { type BundleSource, encodedBundle } from './bundle.ts';
import { faultOfSubscription } from './check.ts';
import type { Client } from './client.ts';
import { type ConnectionOptions, Coordinators } from './coordinators.ts';
import { Effort } from './effort.ts';
import { FollowingSubscription } from './following-subscription.ts';
import type { PheromoneClient, PlatformStatus } from './pheromone-client.ts';
import type { CallOptions, CallResult, FeedOptions, Run } from './run.ts';
import type { SubscribeOptions, Subscription } from './subscription.ts';

export interface ClusterClientOptions extends ConnectionOptions {
  /** Where the cluster's manager listens. */
  readonly manager: { readonly host: string; readonly port: number };
  /**
   * How often a request is tried again that failed with a code that is {@link PheromoneError.retryable}. A call or an
   * event that is tried again may run more than once. Default: 0.
   */
  readonly retries?: number | undefined;
}

/**
 * Connects to a cluster. Rejects with `DISCONNECTED` if no manager answers in time, or its cluster has no coordinator
 * by then, and with `UNAUTHENTICATED` unless all have the same security.
 */
export async function connectCluster(options: ClusterClientOptions): Promise<ClusterClient> {
  const { manager, retries = 0, ...connection } = options;
  if (!Number.isInteger(retries) || retries < 0) {
    throw new PheromoneError('INVALID_ARGUMENT', `retries: expected a whole number from 0 up, got ${retries}`);
  }
  const coordinators = new Coordinators(connection);
  const { timeoutMs = WIRE_LIMITS.connectMs, security } = connection;
  const effort = new Effort('cluster', { deadlineMs: timeoutMs });
  const membership = await joinCluster({ manager, security, timeoutMs, onView: (view) => coordinators.see(view) });
  try {
    while (coordinators.members.length === 0) await effort.wait(coordinators.changed);
  } catch (error) {
    membership.close();
    throw new PheromoneError('DISCONNECTED', `cluster: expected a coordinator within ${timeoutMs} ms, got none`, { cause: error });
  }
  return new ClusterClient(membership, coordinators, retries);
}

/**
 * A client of a cluster; made by {@link connectCluster}. Calls of an app go to the coordinator that owns it. When that
 * one dies, or is not heard of for as long as the manager allows, what is under way with it rejects with `DISCONNECTED`;
 * whatever is asked from then on goes to the one that owns the app next.
 */
export class ClusterClient extends AppEditor implements PheromoneClient {
  readonly ended: Promise<PheromoneError>;
  readonly #membership: Membership;
  readonly #coordinators: Coordinators;
  readonly #retries: number;
  readonly #subscriptions = new Set<FollowingSubscription>();
  readonly #end: (error: PheromoneError) => void;
  /** Why nothing more can be asked, once that is so. */
  #closed: PheromoneError | undefined;

  constructor(membership: Membership, coordinators: Coordinators, retries: number) {
    super();
    const { promise, resolve } = Promise.withResolvers<PheromoneError>();
    this.ended = promise;
    this.#end = resolve;
    this.#membership = membership;
    this.#coordinators = coordinators;
    this.#retries = retries;
  }

  /** Calls function `fn` of an app with `input`: {@link start} for those who only want the result. */
  call(app: string, fn: string, input: Uint8Array, options?: CallOptions): Promise<CallResult> {
    return this.start(app, fn, input, options).result;
  }

  /** Starts a call of function `fn` of an app; never throws. Leave `input` as it is until the result is there. */
  start(app: string, fn: string, input: Uint8Array, options: CallOptions = {}): Run {
    const effort = new Effort('call', options);
    const result = this.#route(app, effort, (client, deadlineMs) => {
      const run = client.start(app, fn, input, { ...options, deadlineMs });
      effort.attempt(run.cancel);
      return run.result;
    });
    const cancel = (): void => {
      // Whoever cancels knows that the result will reject.
      result.catch(() => {});
      effort.cancel();
    };
    return { result, cancel };
  }

  /** Hands an event to function `fn` of an app, in a session whose outputs go to the app's subscribers. Resolves once it is accepted. */
  feed(app: string, fn: string, input: Uint8Array, options: FeedOptions = {}): Promise<void> {
    const effort = new Effort('feed', options);
    return this.#route(app, effort, (client, deadlineMs) => client.feed(app, fn, input, { ...options, deadlineMs }));
  }

  /**
   * Listens to the sessions of an app that were fed, by whomever, or that triggers of app scope opened. The subscription
   * follows the app. If its coordinator is lost, `onFault` is told with `NODE_LOST`: outputs may be missing until the
   * next one listens.
   */
  async subscribe(app: string, options: SubscribeOptions): Promise<Subscription> {
    const fault = faultOfSubscription(app, options);
    if (fault !== undefined) throw fault;
    const subscription = new FollowingSubscription(app, options, this.#coordinators);
    await this.#route(app, new Effort('subscription', {}), () => subscription.open());
    if (this.#closed !== undefined) throw this.#closed;
    this.#subscriptions.add(subscription);
    void subscription.follow().then(() => this.#subscriptions.delete(subscription));
    return subscription;
  }

  /** Stores code durably, and gives its id; see {@link PheromoneClient.uploadBundle}. */
  async uploadBundle(bundle: BundleSource): Promise<string> {
    const encoded = await encodedBundle(bundle);
    // Any coordinator would do.
    return this.#route(bundleId(encoded), new Effort('bundle', {}), (client) => client.uploadBundle(encoded));
  }

  /** What the cluster is doing: all workers together, and the apps of all coordinators. */
  async status(): Promise<PlatformStatus> {
    const statuses = await Promise.all(
      this.#coordinators.members.map(async (member) => (await this.#coordinators.reach(member).reached).status()),
    );
    const [first] = statuses;
    if (first === undefined) throw new PheromoneError('DISCONNECTED', 'cluster: expected a coordinator among its members, there is none');
    return { ...first, apps: [...new Set(statuses.flatMap(({ apps }) => apps))].sort() };
  }

  /** Ends the client; what is under way rejects with `CANCELLED`. Never rejects. */
  async close(): Promise<void> {
    const closed = new PheromoneError('CANCELLED', 'the client was closed');
    this.#closed ??= closed;
    this.#membership.close();
    for (const subscription of this.#subscriptions) subscription.disconnected(closed);
    await this.#coordinators.close(closed);
    this.#end(closed);
  }

  protected install(app: AppDefinition): Promise<void> {
    return this.#route(app.name, new Effort('registration', {}), (client) => client.register(app));
  }

  protected withdraw(name: string): Promise<void> {
    return this.#route(name, new Effort('removal', {}), (client) => client.unregister(name));
  }

  /** Asks the owner of an app. With a connection there already, that happens before the return. */
  async #route<T>(app: string, effort: Effort, ask: (client: Client, leftMs: number | undefined) => Promise<T>): Promise<T> {
    let failures = 0;
    let searchingSinceMs: number | undefined;
    for (let attempt = 0; ; attempt += 1) {
      let owner: Member | undefined;
      let client: Client | undefined;
      try {
        if (this.#closed !== undefined) throw this.#closed;
        owner = this.#coordinators.ownerOf(app);
        const coordinator = this.#coordinators.reach(owner);
        client = coordinator.client ?? (await effort.wait(coordinator.reached));
        return await ask(client, effort.leftMs());
      } catch (error) {
        const fault = toPheromoneError(error);
        if (!fault.retryable) throw fault;
        const hasBegun = client !== undefined && fault.code !== 'WRONG_COORDINATOR';
        if (!hasBegun) searchingSinceMs ??= performance.now();
        const isSearching = !hasBegun && performance.now() - searchingSinceMs! < WIRE_LIMITS.rerouteMs;
        if (!isSearching && ++failures > this.#retries) throw fault;
        await effort.wait(this.#untilWorthwhile(app, owner, fault, attempt));
      }
    }
  }

  /** Resolves when the next attempt may have a better end: at once where the app has another owner by now. */
  async #untilWorthwhile(app: string, asked: Member | undefined, { code }: PheromoneError, attempt: number): Promise<void> {
    const { rejoinMinMs, rejoinMaxMs } = WIRE_LIMITS;
    if (asked !== undefined && !this.#coordinators.owns(asked, app)) return;
    // Of a coordinator that has died the next view tells.
    const pauseMs = code === 'DISCONNECTED' ? rejoinMaxMs : Math.min(rejoinMinMs * 2 ** attempt, rejoinMaxMs);
    await Promise.race([this.#coordinators.changed, pause(pauseMs, undefined, { ref: false })]);
  }
}
