/** `pheromone bundle`: stores a folder of code, and prints by which id definitions name it. */
import { ConfigError } from '../config/config-error.ts';
import { PheromoneError } from '../core/errors.ts';
import { readBundle } from '../store/bundle-folder.ts';
import type { BundleFile } from '../store/bundles.ts';
import { type Target, withClient } from './connect.ts';
import { print } from './terminal.ts';

export async function bundleCommand(target: Target, folder: string): Promise<void> {
  const files = await readFolder(folder);
  await withClient(target, async (client) => print(await client.uploadBundle(files)));
}

/** Throws a {@link ConfigError} for what cannot be read. */
async function readFolder(folder: string): Promise<BundleFile[]> {
  try {
    return await readBundle(folder);
  } catch (error) {
    if (error instanceof PheromoneError) throw error;
    throw new ConfigError(`${folder}: expected a folder of code, got ${(error as NodeJS.ErrnoException).code}`, { cause: error });
  }
}
