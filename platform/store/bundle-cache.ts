/** Bundles as folders of this machine, written on first use. */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PheromoneError } from '../core/errors.ts';
import { type BundleFile, getBundle } from './bundles.ts';
import type { DurableStore } from './durable/durable-store.ts';
import { keyFault, quoted } from './durable/keys.ts';

const ID = /^[0-9a-f]{64}$/;
/** Where the files lie within a bundle's folder; beside them stands what keeps packages around the cache from mattering. */
const FILES = 'files';
/** Each waits until its file is on disk. */
const WRITES_AT_ONCE = 32;
/** What is being written bears its bundle's id, too. */
const DRAFT = /^\.[0-9a-f]{64}-/;
/** No draft is worked at for so long: whoever began it was killed. */
const DRAFT_MS = 3_600_000;

/**
 * Writes a stored bundle into `folder` unless it is there, and gives the path of its root. Any number of threads and
 * processes may do so at once: a bundle appears under its name as a whole, once all of it is proven and on disk.
 * Throws like `getBundle`, and `INVALID_ARGUMENT` for what is no id; errors of the file system as they are.
 */
export async function materialise(store: DurableStore, id: string, folder: string): Promise<string> {
  if (!ID.test(id)) throw new PheromoneError('INVALID_ARGUMENT', `bundle ${quoted(id)}: expected an id of 64 hexadecimal digits`);
  const place = join(folder, id);
  if (!(await exists(place))) {
    const files = await getBundle(store, id);
    const draft = join(folder, `.${id}-${randomUUID()}`);
    try {
      await writeFiles(draft, files);
      await rename(draft, place);
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      if (!(await exists(place))) throw error; // or another one was first
    }
  }
  return join(place, FILES);
}

/** Removes the drafts of processes that were killed. What cannot be removed is in nobody's way. */
export async function sweepDrafts(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((name) => DRAFT.test(name))) {
    const { mtimeMs } = (await stat(join(folder, name)).catch(() => undefined)) ?? { mtimeMs: Number.POSITIVE_INFINITY };
    if (mtimeMs < Date.now() - DRAFT_MS) await rm(join(folder, name), { recursive: true, force: true }).catch(() => {});
  }
}

async function writeFiles(draft: string, files: readonly BundleFile[]): Promise<void> {
  await mkdir(join(draft, FILES), { recursive: true });
  await writeFile(join(draft, 'package.json'), '{}', { flush: true });
  for (let at = 0; at < files.length; at += WRITES_AT_ONCE) {
    const writes = await Promise.allSettled(files.slice(at, at + WRITES_AT_ONCE).map((file) => writeInto(join(draft, FILES), file)));
    for (const write of writes) if (write.status === 'rejected') throw write.reason;
  }
}

async function writeInto(root: string, { path, bytes }: BundleFile): Promise<void> {
  const place = join(root, path);
  await mkdir(dirname(place), { recursive: true });
  // Not over another file: two paths may be one where letters' case or form does not count.
  await writeFile(place, bytes, { flag: 'wx', mode: 0o444, flush: true });
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

/** The bundles that a process has come to use; each is looked for once. */
export class BundleCache {
  readonly #store: DurableStore;
  readonly #folder: string;
  readonly #roots = new Map<string, Promise<string>>();
  #swept: Promise<void> | undefined;

  /** `folder` may be shared with other processes. */
  constructor(store: DurableStore, folder: string) {
    this.#store = store;
    this.#folder = folder;
  }

  /** The path of the bundle's root. Throws like {@link materialise}; a bundle that could not be had is tried anew the next time. */
  root(id: string): Promise<string> {
    let root = this.#roots.get(id);
    if (root === undefined) {
      this.#swept ??= sweepDrafts(this.#folder);
      root = this.#swept.then(() => materialise(this.#store, id, this.#folder));
      this.#roots.set(id, root);
      root.catch(() => this.#roots.delete(id));
    }
    return root;
  }
}

/** Whether a definition's `module` lies in a bundle. */
export function isBundled(module: string): boolean {
  return module.startsWith('bundle:');
}

/**
 * The URL to import for a definition's `module`: for `bundle:<id>/<path>` that of the file in the bundle, which is
 * fetched on first use; any other as it is. Throws like {@link materialise}, and `INVALID_ARGUMENT` for a path that
 * leads out of the bundle.
 */
export async function resolveModule(module: string, bundles: BundleCache): Promise<string> {
  if (!isBundled(module)) return module;
  const [, id, path] = /^bundle:([^/]*)\/(.*)$/s.exec(module) ?? [];
  const fault = id === undefined || path === undefined ? 'expected bundle:<id>/<path>' : keyFault(path);
  if (fault !== undefined) throw new PheromoneError('INVALID_ARGUMENT', `module ${quoted(module)}: ${fault}`);
  return pathToFileURL(join(await bundles.root(id as string), path as string)).href;
}
