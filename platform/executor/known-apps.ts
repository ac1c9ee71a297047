/** The apps of an executor, and where the bodies of each run: in its own thread, or in processes. */
import type { AppDefinition } from '../core/app.ts';
import { AppShelf, type LoadedApp, loadAll } from './functions.ts';
import { IsolatedApps, type IsolationEvents } from './isolated/isolated-apps.ts';
import type { ExecutorSetup } from './protocol.ts';

export class KnownApps {
  readonly #shelf: AppShelf;
  readonly #isolated: IsolatedApps;
  readonly #sharesMemory: boolean;

  constructor(setup: ExecutorSetup, events: IsolationEvents) {
    this.#shelf = new AppShelf(setup);
    this.#isolated = new IsolatedApps(setup.isolation, events);
    this.#sharesMemory = setup.sharedMemory;
    for (const [index, definition] of setup.apps) this.add(index, definition);
  }

  /** Whether processes are alive: then the thread has to hear of their ends. */
  get isBusy(): boolean {
    return this.#isolated.isBusy;
  }

  get(index: number): LoadedApp | undefined {
    return this.#shelf.get(index);
  }

  add(index: number, definition: AppDefinition): LoadedApp {
    const app = this.#shelf.add(index, definition);
    if (this.isIsolated(definition)) app.bodies.fill(this.#isolated.bodyOf(app, definition));
    return app;
  }

  /** Adds an app and loads its functions, unless it wants them loaded on first use. Rejects with `FUNCTION_LOAD_FAILED`, `EXECUTOR_DIED`. */
  async load(index: number, definition: AppDefinition): Promise<void> {
    const app = this.add(index, definition);
    if (definition.warm === false) return;
    await (this.isIsolated(definition) ? this.#isolated.load(app, definition) : loadAll(app));
  }

  remove(index: number): void {
    const app = this.#shelf.get(index);
    if (app !== undefined) this.#isolated.forget(app);
    this.#shelf.remove(index);
  }

  /** Ends all processes; returns whether they have ended. */
  close(): boolean {
    this.#isolated.close();
    return !this.#isolated.isBusy;
  }

  /** Whether the functions of an app run in processes. */
  isIsolated({ isolation }: AppDefinition): boolean {
    return isolation === 'processes' || !this.#sharesMemory;
  }
}
