/** The apps that an executor knows, and their function bodies, loaded on first use and kept warm. */
import type { AppDefinition, FunctionDefinition } from '../core/app.ts';
import { PheromoneError } from '../core/errors.ts';
import { type AppPlan, planApp } from '../core/plan.ts';
import type { FunctionBody } from './library.ts';

export interface LoadedApp {
  readonly plan: AppPlan;
  /** By position in the plan; `undefined` until loaded. */
  readonly bodies: (FunctionBody | undefined)[];
  /** By position: whether the scheduler decides where the function runs. */
  readonly placed: readonly boolean[];
}

export class AppShelf {
  readonly #apps: (LoadedApp | undefined)[] = [];
  readonly #labels: ReadonlySet<string>;
  readonly #placesAll: boolean;

  /** `labels`: the node's; `placesAll`: whether the scheduler places functions that the node could run, too. */
  constructor({ labels, placesAll }: { readonly labels: readonly string[]; readonly placesAll: boolean }) {
    this.#labels = new Set(labels);
    this.#placesAll = placesAll;
  }

  add(index: number, definition: AppDefinition): LoadedApp {
    const plan = planApp(definition);
    const placed = plan.functions.map(({ definition }) => this.#placesAll || !runsOn(this.#labels, definition));
    const app: LoadedApp = { plan, bodies: new Array(plan.functions.length).fill(undefined), placed };
    this.#apps[index] = app;
    return app;
  }

  remove(index: number): void {
    this.#apps[index] = undefined;
  }

  get(index: number): LoadedApp | undefined {
    return this.#apps[index];
  }
}

/** Whether a node with these labels has all that the function requires. */
export function runsOn(labels: ReadonlySet<string>, { requires = [] }: FunctionDefinition): boolean {
  return requires.every((label) => labels.has(label));
}

/** Imports one body and keeps it with its app. Throws `FUNCTION_LOAD_FAILED`. */
export async function loadFunction(app: LoadedApp, position: number): Promise<FunctionBody> {
  const { definition } = app.plan.functions[position] as AppPlan['functions'][number];
  const body = await importBody(app.plan.name, definition);
  app.bodies[position] = body;
  return body;
}

/** Imports all bodies of an app. Throws `FUNCTION_LOAD_FAILED` for the first that cannot be had. */
export async function loadAll(app: LoadedApp): Promise<void> {
  await Promise.all(app.plan.functions.map(({ index }) => loadFunction(app, index)));
}

async function importBody(app: string, { name, module, export: exported, config }: FunctionDefinition): Promise<FunctionBody> {
  const where = `app "${app}": function "${name}"`;
  let found: unknown;
  try {
    const loaded = (await import(module)) as Record<string, unknown>;
    found = loaded[exported];
    if (typeof found === 'function' && config !== undefined) found = await (found as (data: unknown) => unknown)(config);
  } catch (error) {
    throw new PheromoneError(
      'FUNCTION_LOAD_FAILED',
      `${where}: could not load ${module}: ${error instanceof Error ? error.message : error}`,
      {
        cause: error,
      },
    );
  }
  if (typeof found !== 'function') {
    throw new PheromoneError(
      'FUNCTION_LOAD_FAILED',
      `${where}: expected ${module} to export a function "${exported}", got ${typeof found}`,
    );
  }
  return found as FunctionBody;
}
