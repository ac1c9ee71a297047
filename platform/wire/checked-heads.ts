/** Heads of messages that are rare: maps with names, checked by a schema. They are longer and slower than fields by position, and less to write. */
import type { z } from 'zod';
import { PheromoneError } from '../core/errors.ts';
import { noPayload } from './fields.ts';
import type { Heads } from './heads.ts';

/** Messages without payload. What they hold beyond the schema is dropped or refused, as the schema says. */
export function checkedHeads<M>(schema: z.ZodType<M>): Heads<M> {
  return {
    toFields: (message) => [message],
    fromFields(fields, payloadBytes) {
      noPayload(payloadBytes);
      return checked(schema, Array.isArray(fields) ? fields[0] : undefined, 'message');
    },
  };
}

/** The value, as the schema makes it. Throws `BAD_MESSAGE` with the path of the first fault, what was expected and what came. */
function checked<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const { data, error } = schema.safeParse(value);
  if (error === undefined) return data as T;
  const { path, message } = error.issues[0]!;
  const fault = message.replace(/^[^:]*: expected|^[^.]*\. Expected/, 'expected').replace(', received ', ', got ');
  throw new PheromoneError('BAD_MESSAGE', `${[where, ...path].join('.')}: ${fault}`);
}
