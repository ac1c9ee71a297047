/** The coordinators of a cluster, as a client reaches them: a connection to each one that it needs, for as long as it is a member. */
import { PheromoneError } from '../core/errors.ts';
import { coordinatorRing, HashRing } from '../core/hash-ring.ts';
import type { Member, View } from '../core/membership.ts';
import { WIRE_LIMITS } from '../wire/limits.ts';
import { type Client, type ClientOptions, connectClient } from './client.ts';

/** How coordinators are connected to. */
export type ConnectionOptions = Omit<ClientOptions, 'host' | 'port'>;

/** One incarnation of a coordinator. */
export class Coordinator {
  /** As the last view had it. */
  member: Member;
  /** Rejects with `DISCONNECTED` if it cannot be reached, or leaves the cluster before it is. */
  readonly reached: Promise<Client>;
  #client: Client | undefined;
  #leaving: NodeJS.Timeout | undefined;
  readonly #gone = Promise.withResolvers<never>();

  constructor(member: Member, options: ConnectionOptions) {
    this.member = member;
    const { host, port } = member;
    this.reached = Promise.race([this.#connect({ ...options, host, port }), this.#gone.promise]);
    this.reached.catch(() => {});
  }

  /** Once it is connected. */
  get client(): Client | undefined {
    return this.#client;
  }

  /** What is under way rejects with `error`, and what still waits for the connection. Resolves when that is closed. */
  async end(error: PheromoneError): Promise<void> {
    clearTimeout(this.#leaving);
    this.#gone.reject(error);
    this.#client?.disconnect(error);
    await this.#client?.ended;
  }

  /** It has left in order, and closes the connection itself when its last answers are sent; if not, that is the end of it. */
  endSoon(error: PheromoneError): void {
    this.#leaving ??= setTimeout(() => void this.end(error), WIRE_LIMITS.closeMs);
    this.#leaving.unref();
  }

  async #connect(options: ClientOptions): Promise<Client> {
    const client = await connectClient(options);
    this.#client = client;
    // If it has gone in the meantime; nobody waits for it any more.
    this.#gone.promise.catch((error: PheromoneError) => client.disconnect(error));
    return client;
  }
}

export class Coordinators {
  readonly #options: ConnectionOptions;
  #members: ReadonlyMap<string, Member> = new Map();
  #ring = new HashRing([]);
  readonly #connected = new Map<string, Coordinator>();
  #changed = Promise.withResolvers<void>();

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** Resolves with the next view. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  get members(): readonly Member[] {
    return [...this.#members.values()];
  }

  /** Takes in a new view: connections to those that are not in it any more end. */
  see(view: View): void {
    this.#members = new Map(view.members.filter(({ role }) => role === 'coordinator').map((member) => [member.name, member]));
    this.#ring = coordinatorRing(view);
    for (const [name, coordinator] of this.#connected) {
      const member = this.#members.get(name);
      if (member?.incarnation === coordinator.member.incarnation) {
        coordinator.member = member;
        continue;
      }
      const error = new PheromoneError('DISCONNECTED', `coordinator ${name}: it is no member of the cluster any more`);
      if (coordinator.member.draining) coordinator.endSoon(error);
      else void coordinator.end(error);
    }
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** Throws `DISCONNECTED` where the cluster has no coordinator. */
  ownerOf(app: string): Member {
    // What is no name is refused by whoever gets it.
    const owner = this.#members.get(this.#ring.ownerOf(String(app)) ?? '');
    if (owner !== undefined) return owner;
    throw new PheromoneError('DISCONNECTED', 'cluster: expected a coordinator among its members, there is none');
  }

  /** Whether the app still belongs to this incarnation of a coordinator. */
  owns({ name, incarnation }: Member, app: string): boolean {
    return this.#ring.ownerOf(String(app)) === name && this.#members.get(name)?.incarnation === incarnation;
  }

  /** The coordinator that this is, connected or about to be. */
  reach(member: Member): Coordinator {
    const known = this.#connected.get(member.name);
    if (known?.member.incarnation === member.incarnation && known.client?.isEnded !== true) return known;
    const coordinator = new Coordinator(member, this.#options);
    this.#connected.set(member.name, coordinator);
    const forget = (): void => {
      if (this.#connected.get(member.name) === coordinator) this.#connected.delete(member.name);
    };
    coordinator.reached.then((client) => client.ended).then(forget, forget);
    return coordinator;
  }

  /** Ends all connections; what is under way rejects with `error`. */
  async close(error: PheromoneError): Promise<void> {
    const connected = [...this.#connected.values()];
    this.#connected.clear();
    this.see({ version: 0, members: [] });
    await Promise.all(connected.map((coordinator) => coordinator.end(error)));
  }
}
