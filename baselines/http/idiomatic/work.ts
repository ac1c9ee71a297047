/** The functions themselves, which know nothing of HTTP. */

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
