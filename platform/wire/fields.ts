/** Checks of the fields of a head. All throw `BAD_MESSAGE` with where it is, what was expected and what came. */
import { PheromoneError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';

export function text(value: unknown, where: string): string {
  if (typeof value !== 'string') throw bad(where, 'a string', value);
  return value;
}

/** Of a length that names of apps, functions and processes may have. */
export function name(value: unknown, where: string): string {
  if (typeof value !== 'string' || value.length > LIMITS.nameLength)
    throw bad(where, `a name of at most ${LIMITS.nameLength} characters`, value);
  return value;
}

/** The name of something that is asked for. Throws `INVALID_ARGUMENT` if nothing can have it. */
export function nameToSend(value: string, where: string): string {
  if (typeof value === 'string' && value.length <= LIMITS.nameLength) return value;
  throw new PheromoneError(
    'INVALID_ARGUMENT',
    `${where}: expected a name of at most ${LIMITS.nameLength} characters, got ${describe(value)}`,
  );
}

/** In memory of its own. */
export function bytes(value: unknown, where: string): Uint8Array {
  if (!(value instanceof Uint8Array)) throw bad(where, 'bytes', value);
  return Uint8Array.from(value);
}

export function natural(value: unknown, where: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw bad(where, 'a whole number from 0 up', value);
  return value as number;
}

export function duration(value: unknown, where: string): number {
  if (typeof value !== 'number' || !(value > 0 && value < Number.POSITIVE_INFINITY)) throw bad(where, 'a finite number above 0', value);
  return value;
}

export function flag(value: unknown, where: string): boolean {
  if (typeof value !== 'boolean') throw bad(where, 'a boolean', value);
  return value;
}

export function list(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw bad(where, 'an array', value);
  return value;
}

/** `expected` counts the tag. */
export function length(fields: readonly unknown[], expected: number, where: string): void {
  if (fields.length !== expected) throw new PheromoneError('BAD_MESSAGE', `${where}: expected ${expected} fields, got ${fields.length}`);
}

/** For lists whose items take `of` fields each. */
export function multiple(fields: readonly unknown[], of: number, where: string): void {
  if (fields.length % of === 0) return;
  throw new PheromoneError('BAD_MESSAGE', `${where}: expected a multiple of ${of} fields, got ${fields.length}`);
}

/** For messages that have none. */
export function noPayload(payloadBytes: number): void {
  if (payloadBytes !== 0) throw new PheromoneError('BAD_MESSAGE', `payload: expected none with this message, got ${payloadBytes} bytes`);
}

/** The error for a field that is not what it should be. */
export function bad(where: string, expected: string, value: unknown): PheromoneError {
  return new PheromoneError('BAD_MESSAGE', `${where}: expected ${expected}, got ${describe(value)}`);
}

/** What came, in a few words however long it is. */
export function describe(value: unknown): string {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return `a string of length ${value.length}`;
  return value instanceof Uint8Array ? `${value.length} bytes` : typeof value;
}
