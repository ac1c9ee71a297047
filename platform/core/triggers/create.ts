/** From a trigger's definition to its states. */
import type { TriggerDefinition } from '../app.ts';
import { PheromoneError } from '../errors.ts';
import type { Trigger, TriggerFactory } from '../trigger.ts';
import { byName } from './by-name.ts';
import { BySet } from './by-set.ts';
import { CustomTrigger } from './custom.ts';
import { DynamicGroup } from './dynamic-group.ts';
import { immediate } from './immediate.ts';

/** Makes a trigger's state for a session, or, with `undefined`, for the app. */
export type StateFactory = (session: number | undefined) => Trigger;

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
    case 'dynamic-group':
      return () => new DynamicGroup(definition.name);
    case 'custom': {
      if (factory === undefined) {
        throw new PheromoneError(
          'INVALID_APP',
          `app "${app}": trigger "${definition.name}": expected a factory for the custom trigger, got none`,
        );
      }
      const { name, config } = definition;
      return (session) => new CustomTrigger(name, factory, { config, session });
    }
  }
}
