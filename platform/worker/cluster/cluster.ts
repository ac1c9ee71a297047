/** What makes a worker node a part of a cluster: membership, connections to other nodes, sessions that spread over them. */

import { PheromoneError } from '../../core/errors.ts';
import { coordinatorRing } from '../../core/hash-ring.ts';
import type { Member, View } from '../../core/membership.ts';
import { hostNowMs } from '../../executor/clock.ts';
import { runsOn } from '../../executor/functions.ts';
import type { Invocation } from '../../executor/ledger.ts';
import { joinCluster, type Membership } from '../../member/membership.ts';
import type { DurableStore } from '../../store/durable/durable-store.ts';
import { parseAddress } from '../../wire/address.ts';
import type { Connection, Protocol } from '../../wire/connection.ts';
import { WORKER_SIDE } from '../../wire/coordinator-protocol.ts';
import type { Peer } from '../../wire/greeting-messages.ts';
import type { Trace } from '../../wire/messages.ts';
import { GUEST_SIDE } from '../../wire/peer-protocol.ts';
import type { Security } from '../../wire/security.ts';
import type { WorkerOptions } from '../options.ts';
import type { Scheduler } from '../scheduler.ts';
import type { SessionState } from '../sessions.ts';
import type { Spread } from '../spread.ts';
import { AbsentObjects } from './absent-objects.ts';
import { Callers } from './callers.ts';
import { ClusterService } from './cluster-service.ts';
import { Coordinators } from './coordinators.ts';
import { Fetcher } from './fetcher.ts';
import { GuestSide } from './guest-side.ts';
import { HomeSide } from './home-side.ts';
import { Links } from './links.ts';
import { Overflow } from './overflow.ts';
import { Placing } from './placing.ts';
import { ServedObjects } from './served-objects.ts';
import { Wishes } from './wishes.ts';

export interface ClusterOptions {
  readonly worker: WorkerOptions;
  /** What this node is called; unique in the cluster. */
  readonly name: string;
  readonly security: Security;
  /** For objects that go from node to node by way of it; see `WorkerOptions.directTransfer`. */
  readonly store: DurableStore | undefined;
}

export class ClusterNode implements Spread {
  readonly #scheduler: Scheduler;
  readonly #options: ClusterOptions;
  readonly #labels: ReadonlySet<string>;
  readonly #links: Links;
  readonly #absent: AbsentObjects;
  readonly #served: ServedObjects;
  readonly #placing: Placing;
  readonly #home: HomeSide;
  readonly #wishes: Wishes;
  readonly #service: ClusterService;
  readonly #coordinators: Coordinators;
  readonly #overflow: Overflow;
  readonly #callers = new Callers();
  #members: ReadonlyMap<string, Member> = new Map();
  #membership: Membership | undefined;

  constructor(scheduler: Scheduler, options: ClusterOptions) {
    this.#scheduler = scheduler;
    this.#options = options;
    const { name: self, worker, security, store } = options;
    const node = scheduler.parts;
    const patience = { intervalMs: worker.pingMs, timeoutMs: worker.silenceMs };
    const unhold = (session: SessionState): void => node.host.unhold(session);
    this.#labels = new Set(worker.labels);
    this.#links = new Links({
      patience,
      addressOf: (name) => this.#addressOf(name, security),
      report: (from, message, payload) => {
        if (message.type === 'looked') this.#wishes.onLooked(from, message, payload);
        else this.#home.onReport(from, message, payload);
      },
      isBusy: (name) => this.#home.isBusy(name) || this.#wishes.isBusy(name),
      lost: (name, error) => this.#onLost(name, error),
    });
    const byStore = worker.directTransfer ? undefined : store;
    const nameOf = (session: SessionState) => session.guest ?? { home: self, session: session.id };
    const { piggybackBytes, prefetch, twoTier, forwardDelayMs } = worker;
    this.#absent = new AbsentObjects({
      self,
      objects: node.objects,
      fetcher: new Fetcher(this.#links, byStore),
      piggybackBytes,
      nameOf,
      unhold,
    });
    this.#served = new ServedObjects({ ...node, absent: this.#absent, store: byStore, unhold });
    this.#service = new ClusterService(scheduler, self);
    this.#coordinators = new Coordinators(this.#service, patience);
    const ask = this.#coordinators.place.bind(this.#coordinators);
    const give = (session: SessionState, to: string, invocation: Invocation): void => this.#home.give(session, to, invocation);
    const runsHere = (session: SessionState, fn: number): boolean => this.#runsHere(session, fn);
    this.#placing = new Placing({ node, absent: this.#absent, ask, runsHere, placesAll: !twoTier, give });
    this.#overflow = new Overflow({ node, ask, delayMs: forwardDelayMs, give });
    this.#wishes = new Wishes(node, this.#absent, this.#links);
    this.#home = new HomeSide({
      ...{ node, absent: this.#absent, links: this.#links, placing: this.#placing, prefetch },
      onFind: (from, session, message) => this.#wishes.onFind(from, session, message),
    });
  }

  /** Becomes a member, listening on `port`. Rejects as `joinCluster`. */
  async join(port: number): Promise<void> {
    const { worker, name } = this.#options;
    const address = worker.advertise === '' ? { host: worker.host, port } : parseAddress('advertise', worker.advertise);
    const self = {
      ...({ name, role: 'worker', ...address, pid: process.pid } as const),
      ...{ labels: worker.labels, executors: worker.executors, draining: false },
    };
    this.#scheduler.join(this);
    this.#membership = await joinCluster({
      ...{ manager: parseAddress('manager', worker.manager), self, security: this.#options.security },
      onView: (view) => this.#onView(view),
    });
  }

  /** Whoever dials this node and is no client. Throws `BAD_MESSAGE` for a role that nothing is spoken with. */
  accept(peer: Peer, speak: <S, R>(protocol: Protocol<S, R>) => Connection<S, R>): void {
    const known = <S, R>(protocol: Protocol<S, R>): Connection<S, R> => {
      const connection = speak(protocol);
      this.#callers.add(peer, connection);
      return connection;
    };
    if (peer.role === 'coordinator') this.#coordinators.accept(peer.name, known(WORKER_SIDE));
    else if (peer.role === 'worker') this.#serve(peer.name, known);
    else throw new PheromoneError('BAD_MESSAGE', `worker: expected a client, a coordinator or a worker, got a ${peer.role}`);
  }

  /** The service for clients that come to this node instead of to a coordinator. */
  get service(): ClusterService {
    return this.#service;
  }

  /** Takes no new sessions, waits for those there are, up to `graceMs`, and leaves the cluster. */
  async leave(graceMs: number): Promise<void> {
    this.#service.drain();
    await this.#membership?.drain();
    this.#coordinators.loadChanged();
    await this.#service.emptied(graceMs);
    await this.#membership?.leave();
    this.#coordinators.close();
    this.#links.close();
  }

  takes(session: SessionState, invocation: Invocation): boolean {
    return this.#placing.takes(session, invocation);
  }

  bring(session: SessionState, refs: readonly number[], done: (error?: PheromoneError) => void): void {
    this.#absent.bring(session, refs, done);
  }

  onWish(session: SessionState, bucket: number, wish: number): void {
    this.#wishes.onWish(session, bucket, wish);
  }

  appObjectSent(session: SessionState, ref: number): void {
    const { objects, host } = this.#scheduler.parts;
    const { plan, version } = session.app;
    const { source, bucket, key, group, metadata } = objects.label(ref);
    const names = { source: plan.functions[source]?.definition.name ?? '', bucket: plan.buckets[bucket]?.name ?? '' };
    session.holds++;
    this.#coordinators.hand(
      { app: plan.name, version, label: { ...names, key, group, metadata }, session: session.id },
      objects.payload(ref),
      { refused: ({ code, message }) => host.fail(session, code, message), over: () => host.unhold(session) },
    );
  }

  aborted(session: SessionState): void {
    this.#home.aborted(session);
  }

  released(session: SessionState): void {
    this.#home.released(session);
  }

  traces(session: SessionState): readonly Trace[] {
    return this.#home.traces(session);
  }

  counters(): { readonly forwardedTotal: number; readonly fetchedBytesTotal: number } {
    return { forwardedTotal: this.#home.forwarded, fetchedBytesTotal: this.#absent.fetchedBytes };
  }

  freed(): void {
    this.#coordinators.loadChanged();
  }

  /** Looked at every millisecond while bodies come and go, and once more when nothing does. */
  look(): void {
    this.#overflow.look(hostNowMs());
    this.#coordinators.loadChanged();
  }

  #serve(home: string, speak: <S, R>(protocol: Protocol<S, R>) => Connection<S, R>): void {
    const { twoTier, pingMs, silenceMs } = this.#options.worker;
    new GuestSide(home, speak(GUEST_SIDE), {
      patience: { intervalMs: pingMs, timeoutMs: silenceMs },
      node: this.#scheduler.parts,
      absent: this.#absent,
      served: this.#served,
      runsHere: (session, fn) => twoTier && this.#runsHere(session, fn),
      onWish: (session, bucket, wish, ask) => this.#wishes.onGuestWish(session, bucket, wish, ask),
      onFound: (session, message, payload, from) => this.#wishes.onFound(session, message, payload, from),
      onEnd: (session) => this.#wishes.giveUp(session),
    });
  }

  #onView(view: View): void {
    this.#members = new Map(view.members.map((member) => [member.name, member]));
    this.#coordinators.setRing(coordinatorRing(view));
    this.#links.prune();
    this.#callers.see(view.members);
  }

  #onLost(name: string, error: PheromoneError): void {
    this.#placing.forget(name);
    this.#home.onLost(name, error);
    this.#wishes.onLost(name);
  }

  #runsHere({ app }: SessionState, fn: number): boolean {
    const definition = app.plan.functions[fn]?.definition;
    return definition !== undefined && runsOn(this.#labels, definition);
  }

  #addressOf(
    name: string,
    security: Security,
  ): { host: string; port: number; self: { role: 'worker'; name: string }; security: Security } | undefined {
    const member = this.#members.get(name);
    if (member?.role !== 'worker') return undefined;
    return { host: member.host, port: member.port, self: { role: 'worker', name: this.#options.name }, security };
  }
}
