/** Files that users write: TOML, YAML or JSON, told apart by their endings. */
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { parse as parseToml } from 'smol-toml';
import { parse as parseYaml } from 'yaml';
import { ConfigError } from './config-error.ts';

const PARSERS: Readonly<Record<string, readonly [format: string, parse: (text: string) => unknown]>> = {
  '.toml': ['TOML', parseToml],
  // Without aliases that multiply: a small file must not become a large one.
  '.yaml': ['YAML', (text) => parseYaml(text, { maxAliasCount: 100 })],
  '.yml': ['YAML', (text) => parseYaml(text, { maxAliasCount: 100 })],
  '.json': ['JSON', (text) => JSON.parse(text)],
};

export const DATA_ENDINGS = Object.keys(PARSERS);

/** What a file holds. `what` says what it should have been, for the error. Throws a {@link ConfigError}. */
export function readDataFile(path: string, what: string): unknown {
  const [format, parse] = PARSERS[extname(path)] ?? [];
  if (parse === undefined) throw new ConfigError(`${path}: expected ${what} that ends in ${DATA_ENDINGS.join(', ')}`);
  const text = readText(path, what);
  try {
    return parse(text);
  } catch (error) {
    const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new ConfigError(`${path}: expected ${format}, got: ${line}`, { cause: error });
  }
}

/** The text of a file. Throws a {@link ConfigError}. */
export function readText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError(`${path}: expected ${what}, got ${(error as NodeJS.ErrnoException).code ?? error}`, { cause: error });
  }
}
