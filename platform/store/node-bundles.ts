/** What a process of the platform does with bundles: it stores those that are uploaded, and finds the code of apps in them. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { AppDefinition } from '../core/app.ts';
import { PheromoneError } from '../core/errors.ts';
import { BundleCache, isBundled, resolveModule } from './bundle-cache.ts';
import { putEncoded } from './bundles.ts';
import type { DurableStore } from './durable/durable-store.ts';

export class NodeBundles {
  readonly #store: DurableStore | undefined;
  readonly #cache: BundleCache | undefined;

  /** Without a store there are no bundles. `folder`: where they are written on first use; `''`: one of the user. */
  constructor(store: DurableStore | undefined, folder: string) {
    this.#store = store;
    this.#cache = store && new BundleCache(store, folder === '' ? userFolder() : folder);
  }

  /**
   * Stores an encoded bundle, and gives its id. Rejects with `INVALID_ARGUMENT` for what is no bundle and where there is
   * no store, with `OBJECT_TOO_LARGE`, `STORE_FAILED`.
   */
  async put(encoded: Uint8Array): Promise<string> {
    if (this.#store === undefined)
      throw new PheromoneError('INVALID_ARGUMENT', 'bundle: expected a durable store to put it into, got none');
    return putEncoded(this.#store, encoded);
  }

  /**
   * The URL to import for a definition's `module`, whose bundle is fetched on first use. Rejects with
   * `FUNCTION_LOAD_FAILED` where there is no such bundle or it cannot be written, `STORE_FAILED` where its bytes cannot be
   * had or are others, `INVALID_ARGUMENT` for a name that leads out of it.
   */
  readonly locate = async (module: string): Promise<string> => {
    if (!isBundled(module)) return module;
    if (this.#cache === undefined) throw new PheromoneError('FUNCTION_LOAD_FAILED', 'expected a durable store that has it, got none');
    try {
      return await resolveModule(module, this.#cache);
    } catch (error) {
      if (error instanceof PheromoneError) throw error;
      throw new PheromoneError('FUNCTION_LOAD_FAILED', `could not write it into the cache of bundles: ${error}`, { cause: error });
    }
  };

  /** The definition as this machine can run it: with files in the place of bundles. Rejects as {@link locate}, and says which function it is about. */
  async localise(definition: AppDefinition): Promise<AppDefinition> {
    if (!definition.functions.some(({ module }) => isBundled(module))) return definition;
    const functions = definition.functions.map(async (fn) => {
      try {
        return { ...fn, module: await this.locate(fn.module) };
      } catch (error) {
        const { code, message } = error as PheromoneError;
        const where = `app "${definition.name}": function "${fn.name}"`;
        throw new PheromoneError(code, `${where}: could not load ${fn.module}: ${message}`, { cause: error });
      }
    });
    return { ...definition, functions: await Promise.all(functions) };
  }
}

function userFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'pheromone', 'bundles');
}
