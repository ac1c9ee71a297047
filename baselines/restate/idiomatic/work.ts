/** The functions themselves; only what calls them knows Restate. */
import { EventEmitter } from 'node:events';

export interface Labelled {
  readonly label: string;
  readonly value: string;
}

/** The value, labelled with itself. */
export function label(value: string): Labelled {
  return { label: value, value };
}

/** The letters of a value. */
export function letters(value: string): readonly string[] {
  return [...value];
}

export function upperCase(value: string): string {
  return value.toUpperCase();
}

/** All values as one. */
export function join(values: readonly string[]): string {
  return values.join('+');
}

/** Where values of app scope go in the end. */
export const delivered = new EventEmitter();

export function deliver(values: readonly string[]): void {
  delivered.emit('value', join(values));
}
