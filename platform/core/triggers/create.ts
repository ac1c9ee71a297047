/** From a trigger's definition to its states. */
import type { TriggerDefinition } from '../app.ts';
import { PheromoneError } from '../errors.ts';
import type { Trigger, TriggerFactory } from '../trigger.ts';
import { ByBatchSize } from './by-batch-size.ts';
import { byName } from './by-name.ts';
import { BySet } from './by-set.ts';
import { ByTime } from './by-time.ts';
import { CustomTrigger } from './custom.ts';
import { DynamicGroup } from './dynamic-group.ts';
import { DynamicJoin } from './dynamic-join.ts';
import { immediate } from './immediate.ts';
import { Redundant } from './redundant.ts';

/** Makes a trigger's state for a session, or, with `undefined`, for the app; `beganMs`: when that began. */
export type StateFactory = (session: number | undefined, beganMs: number) => Trigger;

/**
 * Does once what all states of a trigger of `app` share. `factory` is needed for custom triggers only; its absence
 * throws `INVALID_APP`. The states of a custom trigger throw `TRIGGER_FAILED`, when made and when used.
 */
export function stateFactory(app: string, definition: TriggerDefinition, factory?: TriggerFactory): StateFactory {
  switch (definition.primitive) {
    case 'immediate':
      return () => immediate;
    case 'by-name': {
      const state = byName(definition.key);
      return () => state;
    }
    case 'by-set': {
      const slots = new Map(definition.keys.map((key, slot) => [key, slot]));
      return () => new BySet(slots);
    }
    case 'by-batch-size':
      return () => new ByBatchSize(definition.size);
    case 'by-time':
      return (_, beganMs) => new ByTime(definition.windowMs, beganMs);
    case 'redundant':
      return () => new Redundant(definition.name, definition.k, definition.n);
    case 'dynamic-join':
      return () => new DynamicJoin(definition.name);
    case 'dynamic-group':
      return () => new DynamicGroup(definition.name);
    case 'custom': {
      if (factory === undefined) {
        throw new PheromoneError(
          'INVALID_APP',
          `app "${app}": trigger "${definition.name}": expected a factory for the custom trigger, got none`,
        );
      }
      const { name, config, sources = [] } = definition;
      return (session) => new CustomTrigger(name, factory, { config, session, sources });
    }
  }
}
