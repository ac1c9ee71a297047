/** The worker nodes of the cluster, as a coordinator reaches them: a connection to each, dialled again for as long as it is a member. */
import { PheromoneError } from '../core/errors.ts';
import type { Member } from '../core/membership.ts';
import { Placement, type PlaceRequest, type Placing } from '../core/placement.ts';
import type { AppObject, AppsNews, Place } from '../wire/coordinator-messages.ts';
import { COORDINATOR_SIDE } from '../wire/coordinator-protocol.ts';
import { dial } from '../wire/greeting.ts';
import type { KeepAliveOptions } from '../wire/keep-alive.ts';
import { WIRE_LIMITS } from '../wire/limits.ts';
import type { Security } from '../wire/security.ts';
import { type App, latestOf, versionOf } from './apps.ts';
import { WorkerLink } from './worker-link.ts';

export interface WorkersParts {
  /** The coordinator's name. */
  readonly self: string;
  readonly security: Security;
  /** When a worker from which something is awaited is taken for lost. */
  readonly keepAlive: Omit<KeepAliveOptions, 'isBusy'>;
  /** A worker has said which apps it has; `gone` are those that it had, and now has no more. */
  apps(worker: Worker, news: AppsNews, gone: readonly string[]): void;
  place(worker: Worker, request: Place): void;
  object(worker: Worker, object: AppObject, bytes: Uint8Array): void;
  /** A worker may be able to take what none could before. */
  freed(): void;
  /** A connection is over that had been there. */
  lost(worker: Worker, error: PheromoneError): void;
}

/** One incarnation of a member. */
export class Worker {
  /** No other worker of this coordinator has it. */
  readonly ordinal: number;
  member: Member;
  /** Versions of the apps that it has, by name. */
  readonly installed = new Map<string, number>();
  /** Installations that it has not answered, by app and version. */
  readonly installing = new Map<string, Promise<void>>();
  /** `undefined`: it cannot be reached. */
  link: WorkerLink | undefined;
  /** It has said which apps it has. */
  isReady = false;
  /** It has said that it takes no new sessions. */
  isDraining = false;
  /** Connections to it that came to nothing since the last that did not. */
  attempts = 0;
  retry: NodeJS.Timeout | undefined;

  constructor(member: Member, ordinal: number) {
    this.member = member;
    this.ordinal = ordinal;
  }

  get name(): string {
    return this.member.name;
  }
}

export class Workers {
  readonly #parts: WorkersParts;
  readonly #byName = new Map<string, Worker>();
  readonly #placement = new Placement();
  #lastOrdinal = 0;
  #isClosed = false;

  constructor(parts: WorkersParts) {
    this.#parts = parts;
  }

  /** The workers of a new view: dials those that have come, and lets go of those that have gone. */
  see(members: readonly Member[]): void {
    if (this.#isClosed) return;
    const present = new Map(members.filter(({ role }) => role === 'worker').map((member) => [member.name, member]));
    for (const worker of [...this.#byName.values()]) {
      const member = present.get(worker.name);
      if (member?.incarnation !== worker.member.incarnation) {
        this.#remove(worker, new PheromoneError('NODE_LOST', `worker "${worker.name}" has left the cluster`));
        continue;
      }
      worker.member = member;
      if (worker.isReady) this.#placement.set(member);
    }
    for (const member of present.values()) {
      if (this.#byName.has(member.name)) continue;
      this.#lastOrdinal += 1;
      const worker = new Worker(member, this.#lastOrdinal);
      this.#byName.set(member.name, worker);
      this.#dial(worker);
    }
    this.#parts.freed();
  }

  /** Those that can be reached and have said which apps they have. */
  ready(): Worker[] {
    return [...this.#byName.values()].filter(({ isReady }) => isReady);
  }

  /** Whether all workers of the view are {@link ready}. */
  get areAllReady(): boolean {
    return [...this.#byName.values()].every(({ isReady }) => isReady);
  }

  /** The worker of this name, if it is ready. */
  named(name: string): Worker | undefined {
    const worker = this.#byName.get(name);
    return worker?.isReady === true ? worker : undefined;
  }

  /** A ready worker that has the app, or what has replaced it; `undefined` where none will do. */
  place(app: App, request: Omit<PlaceRequest, 'app' | 'nowMs'>): Placing | undefined {
    if (this.#isClosed) return undefined;
    const { exclude = [] } = request;
    const { absentOn } = latestOf(app);
    const unwanted = absentOn.length === 0 ? exclude : [...exclude, ...absentOn];
    return this.#placement.place({ ...request, app: app.name, exclude: unwanted, nowMs: performance.now() });
  }

  /** A session that was placed there is over, or was not taken. */
  over(worker: Worker): void {
    this.#placement.over(worker.name, 1);
  }

  /** Has a worker take in the app, unless it has it. Rejects with what the worker says, or `DISCONNECTED`. */
  install(worker: Worker, app: App): Promise<void> {
    const version = versionOf(app);
    if ((worker.installed.get(app.name) ?? 0) >= version) return Promise.resolve();
    const key = `${version} ${app.name}`;
    const known = worker.installing.get(key);
    if (known !== undefined) return known;
    const installing = this.#install(worker, app, version).finally(() => worker.installing.delete(key));
    worker.installing.set(key, installing);
    return installing;
  }

  /** Finds out again which workers do not have the app. */
  note(app: App): void {
    const version = versionOf(app);
    app.absentOn = this.ready()
      .filter(({ installed }) => (installed.get(app.name) ?? 0) < version)
      .map(({ name }) => name);
  }

  /** The app was taken back or replaced. */
  forget(app: string): void {
    this.#placement.forget(app);
  }

  close(): void {
    this.#isClosed = true;
    for (const worker of [...this.#byName.values()]) this.#remove(worker, new PheromoneError('CANCELLED', 'the coordinator ends'));
  }

  async #install(worker: Worker, app: App, version: number): Promise<void> {
    const { link } = worker;
    if (link === undefined) throw new PheromoneError('DISCONNECTED', `worker "${worker.name}": expected a connection, there is none`);
    await link.request((id) => ({ type: 'install', id, app: app.definition, version }));
    if (worker.link !== link) return;
    worker.installed.set(app.name, version);
    this.note(app);
    this.#parts.freed();
  }

  #remove(worker: Worker, error: PheromoneError): void {
    clearTimeout(worker.retry);
    this.#byName.delete(worker.name);
    worker.link?.destroy(error);
  }

  #isGone(worker: Worker): boolean {
    return this.#byName.get(worker.name) !== worker;
  }

  #dial(worker: Worker): void {
    const { host, port, name } = worker.member;
    const { security, self } = this.#parts;
    dial({ host, port, self: { role: 'coordinator', name: self }, protocol: COORDINATOR_SIDE, security }).then(
      ({ connection, peer }) => {
        if (!this.#isGone(worker) && peer.role === 'worker' && peer.name === name) this.#open(worker, connection);
        else connection.close();
        if (worker.link === undefined) this.#dialLater(worker);
      },
      () => this.#dialLater(worker),
    );
  }

  #dialLater(worker: Worker): void {
    if (this.#isGone(worker)) return;
    const { rejoinMinMs, rejoinMaxMs } = WIRE_LIMITS;
    worker.retry = setTimeout(() => this.#dial(worker), Math.min(rejoinMinMs * 2 ** worker.attempts, rejoinMaxMs));
    worker.attempts += 1;
  }

  #open(worker: Worker, connection: ConstructorParameters<typeof WorkerLink>[0]): void {
    worker.link = new WorkerLink(connection, {
      apps: (news) => this.#onApps(worker, news),
      load: (load) => {
        this.#placement.report(worker.name, load);
        // How busy a worker is keeps nobody waiting: only whether it takes anything at all.
        if (load.draining === worker.isDraining) return;
        worker.isDraining = load.draining;
        this.#parts.freed();
      },
      place: (request) => this.#parts.place(worker, request),
      object: (object, bytes) => this.#parts.object(worker, object, bytes),
      over: (error) => {
        worker.link = undefined;
        worker.isReady = false;
        worker.isDraining = false;
        worker.installed.clear();
        this.#placement.remove(worker.name);
        this.#parts.lost(worker, error);
        this.#dialLater(worker);
      },
    });
    worker.link.listen(this.#parts.keepAlive);
  }

  #onApps(worker: Worker, news: AppsNews): void {
    const had = [...worker.installed.keys()];
    worker.installed.clear();
    for (const { name, version } of news.apps) worker.installed.set(name, version);
    if (!worker.isReady) {
      worker.isReady = true;
      worker.attempts = 0;
      this.#placement.set(worker.member);
    }
    const gone = had.filter((name) => !worker.installed.has(name));
    this.#parts.apps(worker, news, gone);
  }
}
