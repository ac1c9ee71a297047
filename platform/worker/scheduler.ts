/**
 * The scheduler of a worker node: the one thread that opens and releases sessions, decides triggers that have
 * state, and looks after the executors. Decisions are made in core/; here they meet memory and threads.
 */

import type { AppDefinition } from '../core/app.ts';
import { PheromoneError } from '../core/errors.ts';
import { NodeCore } from '../core/node.ts';
import type { Caller, CallRequest, FeedRequest, Service, Subscriber } from '../door/service.ts';
import { Streams } from '../door/streams.ts';
import { hostNowMs } from '../executor/clock.ts';
import { Ledger } from '../executor/ledger.ts';
import type { Report } from '../executor/reports.ts';
import { wishOf } from '../executor/shortage.ts';
import type { Threads } from '../executor/threads.ts';
import { openLog } from '../log/log.ts';
import { AppTable } from '../store/apps.ts';
import type { DurableStore } from '../store/durable/durable-store.ts';
import { SCHEDULER } from '../store/memory.ts';
import type { NodeBundles } from '../store/node-bundles.ts';
import { ObjectStore } from '../store/objects.ts';
import { SessionTable } from '../store/sessions.ts';
import type { Counters } from '../wire/counters.ts';
import type { Status } from '../wire/messages.ts';
import { type App, Apps } from './apps.ts';
import { Executors } from './executors.ts';
import { reserveNode } from './memory.ts';
import type { WorkerOptions } from './options.ts';
import { Publisher } from './publisher.ts';
import { Recovery } from './recovery.ts';
import { ReportHandler } from './report-handler.ts';
import { ReportPump } from './report-pump.ts';
import { type HostParts, SessionHost } from './session-host.ts';
import { Sessions } from './sessions.ts';
import { HeldCopies } from './spilling/held-copies.ts';
import { Room } from './spilling/room.ts';
import { SpillStore } from './spilling/spill-store.ts';
import { Spilling } from './spilling/spilling.ts';
import type { Spread } from './spread.ts';
import { Watch } from './watch.ts';

const log = openLog({ role: 'worker' });
/** The part of object memory from which on it is spilled, unless the options say otherwise. */
const SPILL_SHARE = 0.9;

/** What a node is made of. */
export interface NodeParts extends HostParts {
  readonly host: SessionHost;
  readonly ledger: Ledger;
  readonly threads: Threads;
}

export class Scheduler implements Service {
  /** For what makes the node a part of a cluster. */
  readonly parts: NodeParts;
  readonly #arenaBytes: number;
  readonly #objects: ObjectStore;
  readonly #core = new NodeCore();
  readonly #apps: Apps;
  readonly #bundles: NodeBundles;
  readonly #appTable: AppTable;
  readonly #appMemoryBytes: number;
  readonly #appObjects: HeldCopies;
  readonly #streams = new Streams();
  readonly #executors: Executors;
  readonly #host: SessionHost;
  readonly #watch: Watch;
  readonly #spillStore: SpillStore;

  /** `store`: the node's durable store; left out, what is spilled goes to one of its own. */
  constructor(options: WorkerOptions, bundles: NodeBundles, store?: DurableStore) {
    this.#bundles = bundles;
    this.#apps = new Apps(bundles);
    this.#arenaBytes = options.arenaBytes;
    this.#appMemoryBytes = options.appMemoryBytes;
    const { setup, threads } = reserveNode(options);
    this.#appTable = new AppTable(setup.store);
    const ledger = new Ledger(setup.ledger, SCHEDULER);
    const table = new SessionTable(setup.store);
    const objects = new ObjectStore(setup.store, table, SCHEDULER);
    const sessions = new Sessions(table, objects.allocator);
    const publisher = new Publisher(
      ...([table, objects, ledger, threads] as const),
      () => this.#watch.start(),
      (report) => pump.settleLater(report),
    );
    const executors = new Executors(threads, setup, this.#apps.definitions, {
      hung: (thread, inBody) => recovery.onHung(thread, inBody),
      ended: (thread, inBody, cause) => {
        recovery.onEnded(thread, inBody, cause);
        this.#watch.start();
      },
    });
    this.#spillStore = new SpillStore(options.name, store);
    const spilling = new Spilling({
      ...{ objects, sessions, ledger, store: this.#spillStore, keptBytes: options.piggybackBytes },
      spilled: (error) => (error === undefined ? room.freed() : room.failed(error)),
    });
    const usedBytes = (): number => this.memory().usedBytes;
    const spillBytes = options.spillBytes || options.arenaBytes * SPILL_SHARE;
    this.#appObjects = new HeldCopies({
      ...{ objects, store: this.#spillStore, keptBytes: options.piggybackBytes },
      excessBytes: () => usedBytes() - spillBytes,
    });
    const room: Room = new Room({
      ...{ objects, table, ledger, sessions, spilling, apps: this.#appTable, arenaBytes: options.arenaBytes, spillBytes, usedBytes },
      cellOf: (thread) => wishOf(setup.wishes, thread),
      tell: (thread, answer) => executors.tell(thread, answer),
      executors: () => executors.count,
      unhold: (session) => this.#host.unhold(session),
    });
    const parts = {
      self: options.name,
      ...{ core: this.#core, apps: this.#apps, appObjects: this.#appObjects, streams: this.#streams },
      ...{ table, objects, sessions, publisher, executors, spilling, room },
      drain: () => pump.drain(),
      defer: (report: Report) => pump.settleLater(report),
      released: (app: App) => this.#dropIfUnused(app),
    };
    const host = new SessionHost(parts);
    const handler = new ReportHandler(parts, host);
    const recovery = new Recovery({ ...parts, ledger, threads, host });
    const pump = new ReportPump(setup.reports, threads, table, {
      report: (report, thread) => handler.handle(report, thread),
      sourcesDone: (session, set) => host.sourcesDone(session, set),
      quiet: (session) => host.quiet(session),
      session: (slot, epoch) => sessions.at(slot, epoch),
      drained: () => publisher.publishBacklog(),
      fault: ({ slot, epoch }, err) => {
        log.error('a report of an executor could not be handled', { err });
        const session = sessions.at(slot, epoch);
        if (session !== undefined) host.fail(session, 'INTERNAL', `app "${session.app.plan.name}": ${err}`);
      },
    });
    this.parts = { ...parts, host, ledger, threads };
    this.#objects = objects;
    this.#executors = executors;
    this.#host = host;
    this.#watch = new Watch(threads, ledger, executors, () => pump.drain());
    for (let i = 0; i < options.executors; i++) executors.start();
    pump.listen(() => this.#watch.resume());
  }

  /** From now on the node is part of a cluster. */
  join(spread: Spread): void {
    this.parts.publisher.join(spread);
    this.parts.host.join(spread);
    this.#watch.join(() => spread.look());
  }

  /** Makes an app callable; replaces one of the same name. `version`: see {@link Apps.prepare}. Rejects as that does. */
  async register(definition: AppDefinition, version?: number): Promise<void> {
    const app = await this.#apps.prepare(definition, version);
    try {
      this.#appTable.open(app.index, app.plan.name, definition.memoryBytes ?? (this.#appMemoryBytes || undefined));
      await this.#executors.load(app.index);
      if (version !== undefined) this.#expectLatest(app);
      this.#core.addApp(app.plan, app.factories, hostNowMs());
    } catch (error) {
      this.#forget(app);
      throw error;
    }
    const before = this.#apps.publish(app);
    if (before !== undefined) this.#dropIfUnused(before);
  }

  /** While this one was loaded, a later one may have been. */
  #expectLatest({ plan: { name }, version }: App): void {
    const known = this.#apps.find(name)?.version ?? 0;
    if (version < known) throw new PheromoneError('WRONG_COORDINATOR', `app "${name}": expected a version above ${known}, got ${version}`);
  }

  /** Forgets an app; its sessions fail with `CANCELLED`. Throws `UNKNOWN_APP`. */
  async unregister(name: string): Promise<void> {
    const app = this.#apps.withdraw(name);
    this.#host.apply(this.#core.removeApp(app.plan));
    this.#dropIfUnused(app);
  }

  /** Opens a session; returns and throws as {@link SessionHost.open}, and `UNKNOWN_APP`. */
  call({ app, ...request }: CallRequest, input: Uint8Array, caller: Caller): () => void {
    return this.#host.open({ app: this.#apps.get(app), ...request }, input, caller);
  }

  /** Opens a session whose outputs go to the app's subscribers, and calls `over` when it has ended. Otherwise as `call`. */
  feed({ app, ...request }: FeedRequest, event: Uint8Array, over: () => void): () => void {
    const trace = this.#streams.isTraced(app);
    return this.#host.open({ app: this.#apps.get(app), ...request, answer: 'all', trace }, event, this.#streams.callerFor(app, over));
  }

  /** Tells of the outputs of sessions that nobody waits for; returns the function that ends it. Throws `UNKNOWN_APP`. */
  subscribe(app: string, subscriber: Subscriber): () => void {
    return this.#streams.subscribe(this.#apps.get(app).plan.name, subscriber);
  }

  putBundle(encoded: Uint8Array): Promise<string> {
    return this.#bundles.put(encoded);
  }

  async status(): Promise<Omit<Status, 'type' | 'id'>> {
    return {
      sessions: this.#core.sessions,
      executors: this.#executors.states(),
      memory: this.memory(),
      counters: this.#counters(),
      apps: this.#apps.names(),
    };
  }

  /** How much of object memory is taken. */
  memory(): Status['memory'] {
    return { usedBytes: this.#objects.allocator.usedBytes + this.#appObjects.heldBytes, arenaBytes: this.#arenaBytes };
  }

  #counters(): Counters {
    const { ledger, threads, sessions, publisher, host, executors } = this.parts;
    let [waiting, queuedTotal] = [0, 0];
    for (let part = SCHEDULER; part <= threads.highest; part++) {
      waiting += Math.max(0, ledger.waiting(part));
      queuedTotal += ledger.published(part);
    }
    return {
      ...{ waiting, queuedTotal, underWay: sessions.underWay(), rerunsTotal: publisher.reruns, sessionsTotal: sessions.opened },
      ...{ failedTotal: host.failed, executorsLostTotal: executors.lost, forwardedTotal: 0, fetchedBytesTotal: 0 },
      ...host.spread?.counters(),
    };
  }

  /** Ends all executors. Calls under way are not answered. */
  async stop(): Promise<void> {
    this.#host.stop();
    this.#watch.stop();
    this.parts.room.stop();
    await this.#executors.stop();
    await this.#spillStore.close();
  }

  #dropIfUnused(app: App): void {
    if (!app.retired || app.sessions > 0) return;
    this.#host.apply(this.#core.removeApp(app.plan));
    this.#forget(app);
  }

  #forget(app: App): void {
    this.#apps.drop(app);
    this.#appTable.close(app.index);
    this.parts.publisher.forget(app.index);
    this.#executors.forget(app.index);
  }
}
