/** The triggers of scope `app` of the apps that a coordinator owns: what they hold, and what their firings open. */
import { AppScope } from '../core/app-scope.ts';
import { DueQueue } from '../core/due-queue.ts';
import type { AppEffect } from '../core/effect.ts';
import { PheromoneError } from '../core/errors.ts';
import type { AppPlan } from '../core/plan.ts';
import { DueTimer } from '../door/due-timer.ts';
import { loadTriggers } from '../door/load-triggers.ts';
import { AppObjects, type HeldObject } from '../store/app-objects.ts';
import type { NamedLabel } from '../wire/coordinator-messages.ts';
import type { App } from './apps.ts';

/** An object's label, and the session that sent it. */
interface Origin {
  readonly label: NamedLabel;
  readonly session: number;
}

export type GatheredObject = HeldObject<Origin>;

/** An object that triggers of an app hold. */
export interface HeldByTriggers extends GatheredObject {
  readonly triggers: readonly string[];
}

/** An object that came into a bucket; see `AppObject`. */
export interface Arrival {
  readonly label: NamedLabel;
  /** Tells those it came from apart. */
  readonly session: number;
  readonly triggers?: readonly string[] | undefined;
}

export interface GatheringParts {
  /** The URL to import for a module of a custom trigger. */
  locate(module: string): Promise<string>;
  /** Opens a session of the app that starts function `fn` (by position) with these objects. */
  open(app: App, fn: number, objects: readonly GatheredObject[]): void;
  /** A custom trigger has failed, and what it held is gone. */
  failed(app: App, message: string): void;
}

interface AppTriggers {
  readonly app: App;
  /** `undefined` while custom triggers are loaded. */
  scope: AppScope | undefined;
  readonly ready: Promise<void>;
}

export class Gathering {
  readonly #parts: GatheringParts;
  readonly #objects = new AppObjects<Origin>();
  readonly #triggers = new Map<AppPlan, AppTriggers>();
  readonly #due = new DueQueue<AppScope>();
  readonly #timer = new DueTimer(() => this.#onTime(), nowMs);

  constructor(parts: GatheringParts) {
    this.#parts = parts;
  }

  /**
   * Has the app's triggers begin, if they have not: their windows are counted from then on. Rejects with
   * `FUNCTION_LOAD_FAILED` or `TRIGGER_FAILED`, and may then be asked once more.
   */
  begin(app: App): Promise<void> {
    const known = this.#triggers.get(app.plan);
    if (known !== undefined) return known.ready;
    const ready = loadTriggers(app.definition, this.#parts.locate, 'app').then((factories) => {
      if (this.#triggers.get(app.plan) !== triggers) return;
      triggers.scope = new AppScope(app.plan, factories, nowMs());
      this.#note(triggers.scope);
    });
    const triggers: AppTriggers = { app, scope: undefined, ready };
    this.#triggers.set(app.plan, triggers);
    ready.catch(() => this.end(app));
    return ready;
  }

  /**
   * Hands the app's triggers an object; `bytes` have been copied on return. Objects of one app are dealt with in the order
   * in which they come. Rejects with `UNKNOWN_BUCKET`, `OVERLOADED`, `TRIGGER_FAILED`, `UNKNOWN_APP`, and as
   * {@link begin} does.
   */
  async take(app: App, arrival: Arrival, bytes: Uint8Array): Promise<void> {
    const triggers = this.#triggers.get(app.plan);
    if (triggers?.scope !== undefined) {
      this.#hand(triggers.scope, arrival, bytes);
      return;
    }
    const copy = new Uint8Array(bytes);
    await this.begin(app);
    const scope = this.#triggers.get(app.plan)?.scope;
    if (scope === undefined)
      throw new PheromoneError('UNKNOWN_APP', `app "${app.name}": expected it to stay while its triggers were loaded`);
    this.#hand(scope, arrival, copy);
  }

  /** The apps whose triggers have begun. */
  apps(): App[] {
    return [...this.#triggers.values()].map(({ app }) => app);
  }

  /** Ends the app's triggers, and gives what they held in the order in which it came. */
  release(app: App): HeldByTriggers[] {
    const holdings = this.#triggers.get(app.plan)?.scope?.holdings() ?? [];
    const held = holdings.map(({ object, triggers }) => ({ ...this.#objects.get(object.ref)!, triggers }));
    this.end(app);
    return held;
  }

  /** The app is over: what its triggers hold is dropped. */
  end({ plan }: App): void {
    const scope = this.#triggers.get(plan)?.scope;
    this.#triggers.delete(plan);
    if (scope === undefined) return;
    this.#due.set(scope, Number.POSITIVE_INFINITY);
    this.#apply(scope.end());
  }

  stop(): void {
    this.#timer.stop();
  }

  #hand(scope: AppScope, { label, session, triggers }: Arrival, bytes: Uint8Array): void {
    const ref = this.#objects.hold(bytes, { label, session });
    const { effects, fault } = scope.objectSent({ ref, session, ...label }, nowMs(), triggers);
    this.#note(scope);
    this.#apply(effects);
    if (fault !== undefined) throw fault;
  }

  #onTime(): void {
    const now = nowMs();
    for (let firstMs = this.#due.firstMs; firstMs !== undefined && firstMs <= now; firstMs = this.#due.firstMs) {
      const scope = this.#due.first!;
      const effects = scope.onTime(now);
      this.#due.set(scope, scope.dueMs);
      this.#apply(effects);
    }
    this.#timer.set(this.#due.firstMs);
  }

  #note(scope: AppScope): void {
    this.#due.set(scope, scope.dueMs);
    this.#timer.set(this.#due.firstMs);
  }

  #apply(effects: readonly AppEffect[]): void {
    for (const effect of effects) {
      const app = this.#triggers.get(effect.app)?.app;
      if (effect.type === 'drop') this.#objects.drop(effect.refs);
      else if (app === undefined) continue;
      else if (effect.type === 'open')
        this.#parts.open(
          app,
          effect.fn,
          effect.objects.map(({ ref }) => this.#objects.get(ref)!),
        );
      else this.#parts.failed(app, effect.message);
    }
  }
}

function nowMs(): number {
  return performance.now();
}
