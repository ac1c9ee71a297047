/** The apps that a coordinator knows: those that it owns, and those that it would own if another coordinator went. */
import type { AppDefinition } from '../core/app.ts';
import { PheromoneError } from '../core/errors.ts';
import { type AppPlan, planApp } from '../core/plan.ts';
import type { KnownApp } from '../wire/coordinator-messages.ts';

/** One definition of an app. A name that is registered again gets another one. */
export interface App {
  readonly name: string;
  readonly definition: AppDefinition;
  readonly plan: AppPlan;
  /** The versions that bore this definition, the last one last; mostly there is one. */
  readonly versions: number[];
  /** Workers that do not have its last version or a later one, by name: none of its sessions are placed there. */
  absentOn: readonly string[];
  /** What has replaced it. */
  successor: App | undefined;
  /** Sessions of it under way here. */
  sessions: number;
  /** No new sessions: taken back, or replaced. */
  state: 'current' | 'replaced' | 'removed';
}

/** Names whose app was taken back are remembered, so that no worker that was away brings it back; the oldest are forgotten. */
const REMOVED_NAMES = 100_000;

export class Apps {
  readonly #current = new Map<string, App>();
  /** Replaced ones that have sessions under way. */
  readonly #replaced = new Map<string, Set<App>>();
  /** The highest version ever heard of. */
  readonly #lastVersion = new Map<string, number>();
  /** Of `#lastVersion` those without an app, the oldest first. */
  readonly #removed = new Set<string>();

  /** Throws `UNKNOWN_APP`. */
  get(name: string): App {
    const app = this.#current.get(name);
    if (app !== undefined) return app;
    throw new PheromoneError('UNKNOWN_APP', `expected a registered app (${this.names().join(', ') || 'none is'}), got "${name}"`);
  }

  current(name: string): App | undefined {
    return this.#current.get(name);
  }

  /** The app that bears, or bore, this version, as long as it is current or has sessions. */
  withVersion(name: string, version: number): App | undefined {
    const candidates = [this.#current.get(name), ...(this.#replaced.get(name) ?? [])];
    return candidates.find((app) => app?.versions.includes(version));
  }

  /** A version that no coordinator has given to the name, as far as is known here. */
  nextVersion(name: string): number {
    const version = (this.#lastVersion.get(name) ?? 0) + 1;
    this.#lastVersion.set(name, version);
    return version;
  }

  /** Makes an app the one of its name; returns the one that was. */
  publish(app: App): App | undefined {
    const before = this.#current.get(app.name);
    this.#current.set(app.name, app);
    this.#removed.delete(app.name);
    this.#lastVersion.set(app.name, Math.max(versionOf(app), this.#lastVersion.get(app.name) ?? 0));
    if (before === undefined) return undefined;
    before.state = 'replaced';
    before.successor = app;
    if (before.sessions > 0) this.#replaced.set(app.name, (this.#replaced.get(app.name) ?? new Set()).add(before));
    return before;
  }

  /** Takes the app of a name, if there is one, and those that it replaced and that have sessions; returns all of them. */
  withdraw(name: string): App[] {
    const apps = [this.#current.get(name) ?? [], [...(this.#replaced.get(name) ?? [])]].flat();
    for (const app of apps) app.state = 'removed';
    this.#current.delete(name);
    this.#replaced.delete(name);
    this.#removed.add(name);
    const [oldest = ''] = this.#removed;
    if (this.#removed.size > REMOVED_NAMES) {
      this.#removed.delete(oldest);
      this.#lastVersion.delete(oldest);
    }
    return apps;
  }

  /** The last session of a replaced app is over. */
  drop(app: App): void {
    const replaced = this.#replaced.get(app.name);
    replaced?.delete(app);
    if (replaced?.size === 0) this.#replaced.delete(app.name);
  }

  /** Whether the app of a name was taken back in this version or a later one. */
  isRemoved({ name, version }: KnownApp): boolean {
    return this.#removed.has(name) && version <= (this.#lastVersion.get(name) ?? 0);
  }

  /** Whether the app of a name, if there is one, is of this version or an earlier one. */
  isUpTo({ name, version }: KnownApp): boolean {
    const current = this.#current.get(name);
    return current !== undefined && versionOf(current) <= version;
  }

  /** Whether a worker's app is a later one than the one that is known here under its name. */
  isNews({ name, version }: KnownApp): boolean {
    const current = this.#current.get(name);
    return current === undefined ? !this.#removed.has(name) || version > (this.#lastVersion.get(name) ?? 0) : version > versionOf(current);
  }

  names(): string[] {
    return [...this.#current.keys()];
  }

  all(): Iterable<App> {
    return this.#current.values();
  }
}

/** Throws `INVALID_APP`. */
export function newApp(definition: AppDefinition, version: number, plan = planApp(definition)): App {
  return { name: plan.name, definition, plan, versions: [version], absentOn: [], successor: undefined, sessions: 0, state: 'current' };
}

/** What stands under the app's name now, unless that was taken back. */
export function latestOf(app: App): App {
  let latest = app;
  while (latest.successor !== undefined) latest = latest.successor;
  return latest;
}

/** The version by which workers are to know the app. */
export function versionOf({ versions }: App): number {
  return versions[versions.length - 1]!;
}
