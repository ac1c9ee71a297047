/** Brings the apps that this coordinator owns to all workers, and learns from the workers which apps there are. */
import type { AppDefinition } from '../core/app.ts';
import { type ErrorCode, PheromoneError } from '../core/errors.ts';
import { planApp } from '../core/plan.ts';
import type { Log } from '../log/log.ts';
import type { AppsNews, KnownApp } from '../wire/coordinator-messages.ts';
import type { AppArchive } from './app-archive.ts';
import { type App, type Apps, newApp, versionOf } from './apps.ts';
import type { Gathering } from './gathering.ts';
import type { Relay } from './relay.ts';
import type { Worker, Workers } from './workers.ts';

export interface RegistrarParts {
  readonly apps: Apps;
  readonly workers: Workers;
  readonly gathering: Gathering;
  readonly relay: Relay;
  /** Left out: apps live as long as the cluster's processes. */
  readonly archive: AppArchive | undefined;
  readonly log: Log;
  owns(name: string): boolean;
}

/** How a request to a worker fails that is gone; whoever comes in its place is told anew. */
const GONE: ReadonlySet<ErrorCode> = new Set(['DISCONNECTED', 'NODE_LOST']);

export class Registrar {
  readonly #parts: RegistrarParts;
  /** The last change of each name that has not ended. */
  readonly #changes = new Map<string, Promise<void>>();

  constructor(parts: RegistrarParts) {
    this.#parts = parts;
  }

  /**
   * Makes an app callable on all workers there are; resolves once all have it. Where one refuses it, all go back to what
   * they had. Calls that come meanwhile run either. Rejects with `INVALID_APP`,
   * `STORE_FAILED`, and with what the worker says.
   */
  async register(definition: AppDefinition): Promise<void> {
    const plan = planApp(definition);
    return this.#inTurn(plan.name, async () => {
      const { apps, gathering } = this.#parts;
      const app = newApp(definition, apps.nextVersion(plan.name), plan);
      try {
        await gathering.begin(app);
        await this.#everywhere((worker) => this.#parts.workers.install(worker, app));
        await this.#parts.archive?.save({ name: app.name, version: versionOf(app), definition });
      } catch (error) {
        gathering.end(app);
        await this.#rollBack(app.name);
        throw error;
      }
      this.#publish(app);
    });
  }

  /** Takes an app back from all workers. Rejects with `UNKNOWN_APP`, `STORE_FAILED`. */
  unregister(name: string): Promise<void> {
    return this.#inTurn(name, async () => {
      this.#parts.apps.get(name);
      await this.#parts.archive?.remove(name);
      this.#remove(name);
      await this.#everywhere((worker) => this.#takeBack(worker, name));
    });
  }

  /** Learns of the apps that are stored and that no worker has. Rejects with `STORE_FAILED`. */
  async recall(): Promise<void> {
    for (const known of (await this.#parts.archive?.load()) ?? []) {
      if (this.#parts.apps.isNews(known)) this.#learn(known, 'durable store');
    }
  }

  /** A worker has said which apps it has; `gone` are those that it had, and that another coordinator has taken back. */
  heard(worker: Worker, news: AppsNews, gone: readonly string[]): void {
    const { apps, workers, owns } = this.#parts;
    for (const known of news.apps) this.#hear(worker, known);
    for (const app of [...apps.all()]) {
      workers.note(app);
      if (owns(app.name)) this.#bring(worker, app);
      else if (gone.includes(app.name)) this.#remove(app.name);
    }
  }

  /** This coordinator owns the app: sees to it that all workers have it, and that its triggers of app scope are there. */
  serve(app: App): void {
    const { gathering, workers } = this.#parts;
    gathering.begin(app).catch((error: unknown) => this.#parts.log.error('triggers of app scope failed', { app: app.name, err: error }));
    workers.note(app);
    for (const worker of workers.ready()) this.#bring(worker, app);
  }

  /** A session of the app is over. */
  endIfUnused(app: App): void {
    if (app.state !== 'replaced' || app.sessions > 0) return;
    this.#parts.apps.drop(app);
    this.#parts.gathering.end(app);
  }

  #publish(app: App): void {
    const { apps, workers } = this.#parts;
    const before = apps.publish(app);
    workers.forget(app.name);
    if (before !== undefined) this.endIfUnused(before);
    if (this.#parts.owns(app.name)) this.serve(app);
  }

  /** Workers only take versions that are higher than those they have. */
  async #rollBack(name: string): Promise<void> {
    const { apps, workers } = this.#parts;
    const before = apps.current(name);
    if (before === undefined) apps.withdraw(name);
    else before.versions.push(apps.nextVersion(name));
    const restore = (worker: Worker): Promise<void> =>
      before === undefined ? this.#takeBack(worker, name) : workers.install(worker, before);
    await this.#everywhere(restore).catch((error: unknown) =>
      this.#parts.log.error('app not restored everywhere', { app: name, err: error }),
    );
  }

  #hear(worker: Worker, known: KnownApp): void {
    const { apps, log } = this.#parts;
    const { name } = known;
    if (apps.isNews(known)) {
      this.#learn(known, worker.name);
    } else if (apps.isRemoved(known) && this.#parts.owns(name)) {
      this.#takeBack(worker, name).catch((error: unknown) =>
        log.warn('app not taken back', { app: name, worker: worker.name, err: error }),
      );
    }
  }

  #learn({ name, version, definition }: KnownApp, source: string): void {
    try {
      this.#publish(newApp(definition, version));
      this.#parts.log.info('app learned', { app: name, version, source });
    } catch (error) {
      this.#parts.log.warn('app refused', { app: name, version, source, err: error });
    }
  }

  #bring(worker: Worker, app: App): void {
    this.#parts.workers.install(worker, app).catch((error: unknown) => {
      this.#parts.log.warn('app not installed', { app: app.name, worker: worker.name, err: error });
    });
  }

  async #takeBack(worker: Worker, name: string): Promise<void> {
    if (!worker.installed.delete(name)) return;
    try {
      await worker.link?.request((id) => ({ type: 'unregister', id, app: name }));
    } catch (error) {
      if (!(error instanceof PheromoneError && error.code === 'UNKNOWN_APP')) throw error;
    }
  }

  #remove(name: string): void {
    const { apps, gathering, relay, workers } = this.#parts;
    for (const app of apps.withdraw(name)) {
      gathering.end(app);
      relay.removed(app);
    }
    workers.forget(name);
  }

  /** Asks all workers, and rejects with the first error once all have answered; those that are gone are left out. */
  async #everywhere(ask: (worker: Worker) => Promise<void>): Promise<void> {
    const outcomes = await Promise.allSettled(this.#parts.workers.ready().map(ask));
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected' && !GONE.has((outcome.reason as PheromoneError).code)) throw outcome.reason;
    }
  }

  async #inTurn(name: string, change: () => Promise<void>): Promise<void> {
    const before = this.#changes.get(name);
    const mine = before === undefined ? change() : before.then(change, change);
    this.#changes.set(name, mine);
    try {
      await mine;
    } finally {
      if (this.#changes.get(name) === mine) this.#changes.delete(name);
    }
  }
}
