/** Adds what a config names to what is in this package. */
import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Driver } from '../../workloads/api/driver.ts';
import type { Workload } from '../../workloads/api/workload.ts';
import type { Experiment } from '../experiment.ts';
import { InputError } from '../input-error.ts';
import type { Setting } from '../setting.ts';
import { validate } from '../validation.ts';
import { type ConfigFile, importModule, namesOf, readConfig } from './config-file.ts';
import { EXPERIMENT, type Kind, PLATFORM, WORKLOAD } from './shapes.ts';

/** `builtIn` and what the config at `path`, or the one in `cwd`, adds. Throws an {@link InputError}. */
export async function loadSetting(builtIn: Setting, path: string | undefined, cwd: string): Promise<Setting> {
  const file = await readConfig(path, cwd);
  if (file === undefined) return builtIn;
  const workloads = await gather<Workload>(file, WORKLOAD, 'workloads');
  const drivers = await gather<Driver>(file, PLATFORM, 'platforms');
  const experiments = await gather<Experiment>(file, EXPERIMENT, 'experiments');
  return {
    workloads: joined(file.path, 'workload', builtIn.workloads, workloads),
    platforms: joined(
      file.path,
      'platform',
      builtIn.platforms,
      drivers.map((driver) => ({ name: driver.name, load: async () => driver })),
    ),
    experiments: joined(file.path, 'experiment', builtIn.experiments, experiments),
  };
}

/** Every value of the kind that the modules of an entry list export. */
async function gather<T>(file: ConfigFile, kind: Kind, list: keyof ConfigFile['config']): Promise<T[]> {
  const found: T[] = [];
  for (const [index, entry] of file.config[list].entries()) {
    const where = `${file.path}: ${list}[${index}] "${entry}"`;
    const exports = await importModule(urlOf(entry, file.dir, where), where);
    const marked = Object.entries(exports).filter(([, value]) => typeof value === 'object' && value !== null && kind.mark in value);
    if (marked.length === 0) {
      throw new InputError(
        `${where}: expected an export with name, ${kind.mark} and the rest of a ${kind.name}, found ${namesOf(exports)}`,
      );
    }
    for (const [name, value] of marked) {
      validate(kind.shape, value, `${where}: export ${name}`);
      found.push(value as T);
    }
  }
  return found;
}

/** A path is seen from the config's folder; anything else is a package that is installed there. */
function urlOf(entry: string, dir: string, where: string): string {
  if (/^(\.{0,2}\/|[a-zA-Z]:)/.test(entry)) {
    const path = resolve(dir, entry);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat?.isFile()) throw new InputError(`${where}: expected a file, found ${stat === undefined ? 'none' : 'a folder'}`);
    return pathToFileURL(path).href;
  }
  try {
    return pathToFileURL(createRequire(join(dir, 'config.js')).resolve(entry)).href;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const hint = existsSync(resolve(dir, entry)) ? `; did you mean "./${entry}"?` : '';
    throw new InputError(`${where}: expected a path that begins with ./ or an installed package, got ${code}${hint}`, { cause: error });
  }
}

function joined<T extends { readonly name: string }>(path: string, kind: string, known: readonly T[], added: readonly T[]): T[] {
  const all = [...known, ...added];
  const twice = all.find(({ name }, index) => all.findIndex((other) => other.name === name) !== index);
  if (twice !== undefined) throw new InputError(`${path}: expected a ${kind} with a name of its own, got a second "${twice.name}"`);
  return all;
}
