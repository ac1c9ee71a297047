/** What can be configured: kinds of values, and the sections that settings stand in. */
import { parseAddress } from '../wire/address.ts';

/** A kind of value, as it stands in a file and as it is written on a command line or in the environment. */
export interface Kind<T> {
  /** What a user is told to give, such as `a whole number`. */
  readonly expected: string;
  /** Placeholder in the help; none: the flag stands alone. */
  readonly placeholder: string | undefined;
  /** The value that a file holds, or `undefined` if it is of another kind. */
  fromFile(value: unknown): T | undefined;
  /** Likewise of a flag or a variable. */
  fromText(text: string): T | undefined;
}

export const TEXT: Kind<string> = {
  expected: 'a text',
  placeholder: 'text',
  fromFile: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
  fromText: (text) => (text === '' ? undefined : text),
};

export const PATH: Kind<string> = { ...TEXT, expected: 'a path', placeholder: 'path' };

export const NUMBER: Kind<number> = {
  expected: 'a number',
  placeholder: 'number',
  fromFile: (value) => (typeof value === 'number' && Number.isFinite(value) ? value : undefined),
  fromText: (text) => (/^-?\d+(\.\d+)?(e\d+)?$/i.test(text) ? Number(text) : undefined),
};

export const WHOLE_NUMBER: Kind<number> = {
  expected: 'a whole number',
  placeholder: 'number',
  fromFile: (value) => (Number.isSafeInteger(value) ? (value as number) : undefined),
  fromText: (text) => (/^-?\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined),
};

export const SWITCH: Kind<boolean> = {
  expected: 'true or false',
  placeholder: undefined,
  fromFile: (value) => (typeof value === 'boolean' ? value : undefined),
  fromText: (text) => ({ true: true, false: false })[text],
};

export const TEXTS: Kind<readonly string[]> = {
  expected: 'a list of texts',
  placeholder: 'text,text',
  fromFile: (value) => (Array.isArray(value) && value.every((each) => typeof each === 'string' && each !== '') ? value : undefined),
  fromText: (text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
};

export interface Address {
  readonly host: string;
  readonly port: number;
}

export const ADDRESS: Kind<Address> = {
  expected: 'HOST:PORT',
  placeholder: 'host:port',
  fromFile: (value) => (typeof value === 'string' ? addressOf(value) : undefined),
  fromText: addressOf,
};

function addressOf(text: string): Address | undefined {
  try {
    return parseAddress('', text);
  } catch {
    return undefined;
  }
}

/** One of a few words. */
export function choice<T extends string>(...words: readonly T[]): Kind<T> {
  const find = (value: unknown): T | undefined => words.find((word) => word === value);
  return { expected: `one of ${words.join(', ')}`, placeholder: words.join('|'), fromFile: find, fromText: find };
}

export interface Setting<T> {
  readonly kind: Kind<T>;
  readonly default: T | undefined;
  /** Half a sentence; the unit stands in the name. */
  readonly meaning: string;
  /** Comes from the environment alone: flags are shown by `ps`, and files of settings are passed around. */
  readonly secret?: true;
}

export function defaulted<T>(kind: Kind<T>, value: T, meaning: string): Setting<T> {
  return { kind, default: value, meaning };
}

export function optional<T>(kind: Kind<T>, meaning: string): Setting<T> {
  return { kind, default: undefined, meaning };
}

/** Settings that go together: one role's options, by the names that its code gives them. */
export interface Section<O extends object = object> {
  /** Of the table in a file; `''`: the top of the file. */
  readonly name: string;
  readonly title: string;
  /** Whether its flags begin with its name; those of roles do not, since a command has one role. */
  readonly prefixed?: true;
  readonly settings: { readonly [K in keyof O]-?: Setting<NonNullable<O[K]>> };
  /** Throws for values that do not go together or are out of range; its message begins with the option's name and a colon. */
  check?(given: Partial<O>): unknown;
}

export function settingsOf(section: Section): [option: string, Setting<unknown>][] {
  return Object.entries(section.settings as Readonly<Record<string, Setting<unknown>>>);
}

/** As flags and files spell it: `arenaBytes` is `arena-bytes`. */
export function spelled(option: string): string {
  return option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** A setting's flag, without dashes before it. */
export function flagName({ name, prefixed }: Pick<Section, 'name' | 'prefixed'>, option: string): string {
  return prefixed ? `${name}-${spelled(option)}` : spelled(option);
}

/** The path of a setting in a file. */
export function filePath(section: Pick<Section, 'name'>, option: string): string {
  return section.name === '' ? spelled(option) : `${section.name}.${spelled(option)}`;
}

/** The environment variable of a setting. */
export function variable(section: Pick<Section, 'name'>, option: string): string {
  return `PHEROMONE_${filePath(section, option).replace(/[-.]/g, '_').toUpperCase()}`;
}
