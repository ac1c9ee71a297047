/** An app's definition from a file: as data, or as what a module exports. */
import { dirname, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError } from '../config/config-error.ts';
import { DATA_ENDINGS, readDataFile } from '../config/read-file.ts';
import type { AppDefinition } from '../core/app.ts';

const MODULE_ENDINGS = ['.js', '.mjs', '.ts'];

/**
 * Reads a definition. Modules that it names by a path are seen from the file's folder. What the definition says is
 * checked by whoever takes it. Throws a {@link ConfigError}.
 */
export async function readDefinition(path: string): Promise<AppDefinition> {
  const value = MODULE_ENDINGS.includes(extname(path)) ? await exported(path) : readDataFile(path, `a definition (${endings()})`);
  if (!isRecord(value) || typeof value.name !== 'string') {
    throw new ConfigError(`${path}: expected the definition of an app, with name, functions, buckets and triggers`);
  }
  const locate = (entries: unknown): unknown =>
    Array.isArray(entries) ? entries.map((entry) => withModule(entry, dirname(path))) : entries;
  const { buckets = [], triggers = [] } = value;
  return { ...value, functions: locate(value.functions), buckets, triggers: locate(triggers) } as unknown as AppDefinition;
}

/** The export `app` of a module, or its default. */
async function exported(path: string): Promise<unknown> {
  try {
    const { app, default: main } = (await import(pathToFileURL(resolve(path)).href)) as { app?: unknown; default?: unknown };
    return app ?? main;
  } catch (error) {
    const [line = ''] = String(error).split('\n');
    throw new ConfigError(`${path}: expected a module that exports "app", got ${line}`, { cause: error });
  }
}

function withModule(entry: unknown, folder: string): unknown {
  if (!isRecord(entry) || typeof entry.module !== 'string' || !/^(\.{0,2}\/|[a-zA-Z]:\\)/.test(entry.module)) return entry;
  return { ...entry, module: pathToFileURL(resolve(folder, entry.module)).href };
}

function endings(): string {
  return [...MODULE_ENDINGS, ...DATA_ENDINGS].join(', ');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
