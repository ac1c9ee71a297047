/** Custom triggers run where triggers of their scope are decided: in a node's scheduler, or in a coordinator. */
import type { AppDefinition, Scope } from '../core/app.ts';
import { PheromoneError } from '../core/errors.ts';
import type { TriggerFactory } from '../core/trigger.ts';

/**
 * Loads the custom triggers of an app, or those of one scope; by their names. `locate` gives the URL to import for a
 * module. Rejects with `FUNCTION_LOAD_FAILED`, and with the codes of `locate`.
 */
export async function loadTriggers(
  definition: AppDefinition,
  locate: (module: string) => Promise<string>,
  scope?: Scope,
): Promise<Map<string, TriggerFactory>> {
  const factories = new Map<string, TriggerFactory>();
  for (const trigger of definition.triggers) {
    if (trigger.primitive !== 'custom') continue;
    const { scope: itsScope = 'session' } = trigger;
    if (scope !== undefined && scope !== itsScope) continue;
    const where = `app "${definition.name}": trigger "${trigger.name}"`;
    let factory: unknown;
    try {
      factory = ((await import(await locate(trigger.module))) as Record<string, unknown>)[trigger.export];
    } catch (error) {
      const [code, text] = error instanceof PheromoneError ? [error.code, error.message] : (['FUNCTION_LOAD_FAILED', error] as const);
      throw new PheromoneError(code, `${where}: could not load ${trigger.module}: ${text}`, { cause: error });
    }
    if (typeof factory !== 'function') {
      throw new PheromoneError(
        'FUNCTION_LOAD_FAILED',
        `${where}: expected ${trigger.module} to export a function "${trigger.export}", got ${typeof factory}`,
      );
    }
    factories.set(trigger.name, factory as TriggerFactory);
  }
  return factories;
}
