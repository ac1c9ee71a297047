/** Settings from where users give them. What stands nearer counts: a flag before the environment before the file before the default. */
import { ConfigError, didYouMean, nearest } from './config-error.ts';
import { readDataFile } from './read-file.ts';
import { filePath, flagName, type Section, type Setting, settingsOf, spelled, variable } from './setting.ts';

const PREFIX = 'PHEROMONE_';
/** Names the file where no flag does. */
export const CONFIG_VARIABLE = 'PHEROMONE_CONFIG';

/** Flags of one section, by the names of its options: text, or `true` for one that stands alone. */
export type Flags = Readonly<Record<string, string | boolean | undefined>>;

export interface Sources {
  /** Path of a TOML, YAML or JSON file. */
  readonly file?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** By section name. */
  readonly flags: Readonly<Record<string, Flags>>;
}

interface Given {
  readonly value: unknown;
  /** As the user would name it. */
  readonly origin: string;
}

/** What the user gave, checked; asked for section by section. */
export class Configuration {
  /** By {@link filePath}. */
  readonly #given: ReadonlyMap<string, Given>;

  constructor(given: ReadonlyMap<string, Given>) {
    this.#given = given;
  }

  /** The options of a section that were given. Throws a {@link ConfigError} for one out of range, or that does not go with another. */
  given<O extends object>(section: Section<O>): Partial<O> {
    const given: Record<string, unknown> = {};
    for (const option of Object.keys(section.settings)) {
      const found = this.#given.get(filePath(section, option));
      if (found !== undefined) given[option] = found.value;
    }
    try {
      section.check?.(given as Partial<O>);
    } catch (error) {
      throw this.#located(section, error);
    }
    return given as Partial<O>;
  }

  /** Likewise, with defaults. */
  of<O extends object>(section: Section<O>): O {
    const defaults = settingsOf(section).flatMap(([option, { default: value }]) => (value === undefined ? [] : [[option, value]]));
    return { ...Object.fromEntries(defaults), ...this.given(section) } as O;
  }

  /** A role says which option is wrong; this says where the user gave it. */
  #located(section: Section, error: unknown): unknown {
    if (!(error instanceof Error)) return error;
    const [, option = '', rest] = /^(\w+): (.*)$/s.exec(error.message) ?? [];
    if (!(option in section.settings)) return error;
    const origin = this.#given.get(filePath(section, option))?.origin ?? filePath(section, option);
    return new ConfigError(`${origin}: ${rest}`, { cause: error });
  }
}

/** Gathers all that was given for these sections. Throws a {@link ConfigError} at the first thing that is wrong. */
export function readConfiguration(sections: readonly Section[], { file, env, flags }: Sources): Configuration {
  const given = new Map<string, Given>();
  if (file !== undefined) readSections(sections, file, given);
  readVariables(sections, env, given);
  for (const section of sections) {
    for (const [option, setting] of settingsOf(section)) {
      const flag = flags[section.name]?.[option];
      if (flag !== undefined) given.set(filePath(section, option), fromText(setting, String(flag), `--${flagName(section, option)}`));
    }
  }
  return new Configuration(given);
}

function readSections(sections: readonly Section[], file: string, given: Map<string, Given>): void {
  const tables = tableOf(readDataFile(file, 'a configuration'), file);
  const top = sections.filter(({ name }) => name === '');
  const named = new Map(sections.filter(({ name }) => name !== '').map((section) => [section.name, section]));
  const known = [...top.flatMap((section) => Object.keys(section.settings).map(spelled)), ...named.keys()];
  for (const [key, value] of Object.entries(tables)) {
    const section = named.get(key);
    if (section !== undefined) readTable([section], tableOf(value, `${file}: ${key}`), `${file}: ${key}.`, given);
    else if (known.includes(key)) readTable(top, { [key]: value }, `${file}: `, given);
    else throw unknownKey(`${file}: ${key}`, key, known);
  }
}

function readTable(sections: readonly Section[], table: Readonly<Record<string, unknown>>, where: string, given: Map<string, Given>): void {
  const known = new Map(
    sections.flatMap((section) => settingsOf(section).map(([option, setting]) => [spelled(option), { section, option, setting }])),
  );
  for (const [key, value] of Object.entries(table)) {
    const origin = `${where}${key}`;
    const found = known.get(key);
    if (found === undefined) throw unknownKey(origin, key, [...known.keys()]);
    const read = found.setting.kind.fromFile(value);
    if (found.setting.secret) throw new ConfigError(`${origin}: expected ${key}-file or ${variable(found.section, found.option)} instead`);
    if (read === undefined) throw new ConfigError(`${origin}: expected ${found.setting.kind.expected}, got ${JSON.stringify(value)}`);
    given.set(filePath(found.section, found.option), { value: read, origin });
  }
}

function readVariables(sections: readonly Section[], env: Sources['env'], given: Map<string, Given>): void {
  const known = new Map(
    sections.flatMap((section) =>
      settingsOf(section).map(([option, setting]) => [variable(section, option), { section, option, setting }]),
    ),
  );
  const names = [...known.keys()].map((name) => name.slice(PREFIX.length));
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith(PREFIX) || name === CONFIG_VARIABLE || text === undefined) continue;
    const found = known.get(name);
    if (found !== undefined) given.set(filePath(found.section, found.option), fromText(found.setting, text, name));
    // Others may put variables of that beginning there, as Kubernetes does for a service of that name.
    else if (nearest(name.slice(PREFIX.length), names) !== undefined) throw unknownVariable(name, names);
  }
}

function fromText({ kind }: Setting<unknown>, text: string, origin: string): Given {
  const value = kind.fromText(text);
  if (value === undefined) throw new ConfigError(`${origin}: expected ${kind.expected}, got "${text}"`);
  return { value, origin };
}

function tableOf(value: unknown, where: string): Readonly<Record<string, unknown>> {
  // YAML reads an empty file, or a key with nothing behind it, as null.
  if (value === null) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>;
  throw new ConfigError(`${where}: expected a table of settings, got ${JSON.stringify(value)}`);
}

function unknownVariable(name: string, known: readonly string[]): ConfigError {
  return new ConfigError(
    `${name}: expected a variable that there is; did you mean "${PREFIX}${nearest(name.slice(PREFIX.length), known)}"?`,
  );
}

function unknownKey(where: string, key: string, known: readonly string[]): ConfigError {
  const near = didYouMean(key, known);
  return new ConfigError(`${where}: expected a setting that there is${near === '' ? `, one of ${known.join(', ')}` : near}`);
}
