/** A folder of code as a bundle, for upload. */
import { constants, type Dirent } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PheromoneError } from '../core/errors.ts';
import type { BundleFile } from './bundles.ts';
import { STORE_LIMITS } from './durable/limits.ts';

/** Folders that are no code: a repository's history, and the links by which installed packages are called as commands. */
const LEFT_OUT: ReadonlySet<string> = new Set(['.git', '.bin']);

/**
 * All files of a folder and of those below it, installed packages included; `.git` and `.bin` are left out. Throws
 * `INVALID_ARGUMENT` for links and whatever else is neither file nor folder, and for too many files;
 * `OBJECT_TOO_LARGE` for too many bytes; errors of the file system as they are.
 */
export async function readBundle(folder: string): Promise<BundleFile[]> {
  const files: BundleFile[] = [];
  let leftBytes: number = STORE_LIMITS.bundleBytes;
  const visit = async (below: string): Promise<void> => {
    for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!LEFT_OUT.has(entry.name)) await visit(path);
        continue;
      }
      if (!entry.isFile())
        throw new PheromoneError('INVALID_ARGUMENT', `${join(folder, path)}: expected a file or a folder, got ${kindOf(entry)}`);
      if (files.length === STORE_LIMITS.bundleFiles) {
        throw new PheromoneError('INVALID_ARGUMENT', `${folder}: expected at most ${STORE_LIMITS.bundleFiles} files`);
      }
      const bytes = await readAtMost(join(folder, path), leftBytes);
      leftBytes -= bytes.length;
      files.push({ path, bytes });
    }
  };
  await visit('');
  return files;
}

/** Reads a file that is not larger, even if it has become a link since it was listed. */
async function readAtMost(path: string, limitBytes: number): Promise<Uint8Array> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  try {
    const { size } = await file.stat();
    if (size > limitBytes) {
      throw new PheromoneError(
        'OBJECT_TOO_LARGE',
        `${path}: expected at most ${STORE_LIMITS.bundleBytes} bytes in all files of the bundle`,
      );
    }
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function kindOf(entry: Dirent): string {
  return entry.isSymbolicLink() ? 'a symbolic link' : 'something else';
}
