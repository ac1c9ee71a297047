/** Definitions for tests. */
import type { AppDefinition, FunctionDefinition } from '../app.ts';

export function fn(name: string, rest: Partial<FunctionDefinition> = {}): FunctionDefinition {
  return { name, module: 'file:///m.ts', export: name, ...rest };
}

/** An app with functions f and g and buckets a and b, unless `rest` says otherwise. */
export function app(rest: Partial<AppDefinition> = {}): AppDefinition {
  return { name: 'x', functions: [fn('f'), fn('g')], buckets: [{ name: 'a' }, { name: 'b' }], triggers: [], ...rest };
}

/** What every trigger needs. */
export const trigger = { name: 't', bucket: 'a', target: 'g' } as const;
export const custom = { primitive: 'custom', module: 'm', export: 'e' } as const;
