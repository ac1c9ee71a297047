/** The config: which workloads, platforms and experiments there are besides those of this package. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { InputError, refusedBy } from '../input-error.ts';
import { parseJson, validate } from '../validation.ts';

/** Each entry is a path, seen from the config's folder, or a package. */
const entries = z.array(z.string().min(1)).default([]);

export const configSchema = z.strictObject({ workloads: entries, platforms: entries, experiments: entries });

export type Config = z.infer<typeof configSchema>;

/** A config as it was read. */
export interface ConfigFile {
  /** As the user would name it. */
  readonly path: string;
  /** The folder that its entries are seen from. */
  readonly dir: string;
  readonly config: Config;
}

/** Looked for in the working directory, in this order. */
export const CONFIG_NAMES = ['pherobench.config.json', 'pherobench.config.js', 'pherobench.config.ts'];

/** Reads the config at `path`, or the one in `cwd`; `undefined` if there is none. Throws an {@link InputError}. */
export async function readConfig(path: string | undefined, cwd: string): Promise<ConfigFile | undefined> {
  const found = path ?? CONFIG_NAMES.find((name) => existsSync(join(cwd, name)));
  if (found === undefined) return undefined;
  const file = resolve(cwd, found);
  const raw = extname(file) === '.json' ? parseJson(read(file, found), found) : await importConfig(file, found);
  return { path: found, dir: dirname(file), config: validate(configSchema, raw, found) };
}

function read(file: string, path: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw refusedBy(error, path, 'a config file');
  }
}

async function importConfig(file: string, path: string): Promise<unknown> {
  read(file, path);
  if (!['.js', '.ts'].includes(extname(file))) throw new InputError(`${path}: expected a config that ends in .json, .js or .ts`);
  const exports = await importModule(pathToFileURL(file).href, path);
  const config = exports.config ?? exports.default;
  if (config === undefined) throw new InputError(`${path}: expected an export "config", found ${namesOf(exports)}`);
  return config;
}

/** The exports of a module of the user's. Throws an {@link InputError} that begins with `where`. */
export async function importModule(url: string, where: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(url)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    const [line = ''] = (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).split('\n');
    throw new InputError(`${where}: expected a module that can be imported, got ${line}`, { cause: error });
  }
}

/** The names of a module's exports, for a message. */
export function namesOf(exports: Readonly<Record<string, unknown>>): string {
  return Object.keys(exports).join(', ') || 'no export';
}
