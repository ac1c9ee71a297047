/** The apps of a node. A name that is registered again gets a new index; the old one goes when its last session has. */
import type { AppDefinition } from '../core/app.ts';
import { PheromoneError } from '../core/errors.ts';
import { type AppPlan, planApp } from '../core/plan.ts';
import type { TriggerFactory } from '../core/trigger.ts';
import { loadTriggers } from '../door/load-triggers.ts';
import type { NodeBundles } from '../store/node-bundles.ts';

export interface App {
  readonly index: number;
  /** The same on all nodes of a cluster; on a node by itself, how often the name was registered. */
  readonly version: number;
  /** As it was registered. */
  readonly definition: AppDefinition;
  readonly plan: AppPlan;
  readonly factories: ReadonlyMap<string, TriggerFactory>;
  sessions: number;
  /** No new sessions: removed, or replaced by a later registration. */
  retired: boolean;
  /** It has been callable; from then on sessions of other nodes may use it here, too. */
  isLoaded: boolean;
}

export class Apps {
  /** As executors get them, with files in the place of bundles; by index. */
  readonly definitions = new Map<number, AppDefinition>();
  readonly #bundles: NodeBundles;
  readonly #byName = new Map<string, App>();
  readonly #byPlan = new Map<AppPlan, App>();
  #next = 0;

  /** `bundles`: where code may lie. */
  constructor(bundles: NodeBundles) {
    this.#bundles = bundles;
  }

  /**
   * Checks the definition, fetches its bundles and loads its custom triggers; `publish` makes the app callable. `version`:
   * default one more than that of the name's app. Throws `INVALID_APP`, `FUNCTION_LOAD_FAILED`, and as `NodeBundles.locate`.
   */
  async prepare(definition: AppDefinition, version?: number): Promise<App> {
    const plan = planApp(definition);
    const local = await this.#bundles.localise(definition);
    const factories = await loadTriggers(definition, this.#bundles.locate);
    const ofName = this.#byName.get(plan.name)?.version ?? 0;
    const app: App = {
      ...{ index: this.#next++, version: version ?? ofName + 1, definition, plan, factories },
      ...{ sessions: 0, retired: false, isLoaded: false },
    };
    this.definitions.set(app.index, local);
    this.#byPlan.set(plan, app);
    return app;
  }

  /** Makes an app callable by its name; returns the app that had the name. */
  publish(app: App): App | undefined {
    const before = this.#byName.get(app.plan.name);
    this.#byName.set(app.plan.name, app);
    app.isLoaded = true;
    if (before !== undefined) before.retired = true;
    return before;
  }

  /** Throws `UNKNOWN_APP`. */
  get(name: string): App {
    const app = this.#byName.get(name);
    if (app === undefined)
      throw new PheromoneError('UNKNOWN_APP', `expected a registered app (${this.names().join(', ') || 'none is'}), got "${name}"`);
    return app;
  }

  /** The app of a name, if there is one. */
  find(name: string): App | undefined {
    return this.#byName.get(name);
  }

  /** A version of an app, also one that was replaced and still has sessions. Throws `UNKNOWN_APP`. */
  version(name: string, version: number): App {
    for (const app of this.#byPlan.values()) if (app.plan.name === name && app.version === version && app.isLoaded) return app;
    throw new PheromoneError('UNKNOWN_APP', `app "${name}": expected version ${version} to be here, it is not`);
  }

  /** All apps that are callable. */
  all(): Iterable<App> {
    return this.#byName.values();
  }

  /** The app of a plan, also when its name is another app's by now. Throws `UNKNOWN_APP` once it was dropped. */
  of(plan: AppPlan): App {
    const app = this.#byPlan.get(plan);
    if (app === undefined) throw new PheromoneError('UNKNOWN_APP', `expected app "${plan.name}" to be there still`);
    return app;
  }

  /** Takes an app's name; its sessions may still run. */
  withdraw(name: string): App {
    const app = this.get(name);
    app.retired = true;
    this.#byName.delete(name);
    return app;
  }

  /** Drops what is known of an app that has no sessions left. */
  drop(app: App): void {
    this.#byPlan.delete(app.plan);
    this.definitions.delete(app.index);
  }

  names(): string[] {
    return [...this.#byName.keys()];
  }
}
