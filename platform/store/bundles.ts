/** Bundles: an app's code as files that are stored together, under the hash of what they are. */
import { createHash } from 'node:crypto';
import { PheromoneError } from '../core/errors.ts';
import type { DurableStore } from './durable/durable-store.ts';
import { keyFault, quoted } from './durable/keys.ts';
import { STORE_LIMITS } from './durable/limits.ts';

export interface BundleFile {
  /** Relative to the bundle's root, with `/`. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** What stands before the files in an encoded bundle: a length of four bytes, then this as JSON. */
interface Manifest {
  readonly version: 1;
  /** Path and size of each file, by path; their bytes follow in the same order. */
  readonly files: readonly (readonly [path: string, sizeBytes: number])[];
}

const LENGTH_BYTES = 4;
/** More than any list of files needs: paths with every character escaped, sizes and punctuation. */
const MANIFEST_BYTES = STORE_LIMITS.bundleFiles * (2 * STORE_LIMITS.keyBytes + 32);

/** Where the store has a bundle. */
export function bundleKey(id: string): string {
  return `bundles/${id}`;
}

/** The identity of an encoded bundle: its SHA-256 in hexadecimal digits. */
export function bundleId(encoded: Uint8Array): string {
  return createHash('sha256').update(encoded).digest('hex');
}

/**
 * The one form of a set of files, whatever their order. Throws `INVALID_ARGUMENT` for paths that lead out of the
 * bundle or collide, and for too many files; `OBJECT_TOO_LARGE` for too many bytes.
 */
export function encodeBundle(files: Iterable<BundleFile>): Uint8Array {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  const manifest: Manifest = { version: 1, files: sorted.map(({ path, bytes }) => [path, bytes.length]) };
  checkFiles(manifest.files);
  const head = Buffer.from(JSON.stringify(manifest));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(head.length);
  return Buffer.concat([length, head, ...sorted.map(({ bytes }) => bytes)]);
}

/** The files of an encoded bundle, as views of it. Throws like {@link encodeBundle}, and `INVALID_ARGUMENT` for what is no bundle. */
export function decodeBundle(encoded: Uint8Array): BundleFile[] {
  const bytes = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.length);
  const { files, end } = readManifest(bytes);
  checkFiles(files);
  const views: BundleFile[] = [];
  let at = end;
  for (const [path, size] of files) {
    views.push({ path, bytes: bytes.subarray(at, at + size) });
    at += size;
  }
  if (at !== bytes.length) throw refusal(`expected ${at} bytes by its list of files, got ${bytes.length}`);
  return views;
}

/** Stores a bundle and gives its id; the same files have the same one. Throws like {@link encodeBundle} and `DurableStore.put`. */
export async function putBundle(store: DurableStore, files: Iterable<BundleFile>): Promise<string> {
  return putEncoded(store, encodeBundle(files));
}

/** Likewise of a bundle that is encoded already. Throws as {@link decodeBundle} and `DurableStore.put`. */
export async function putEncoded(store: DurableStore, encoded: Uint8Array): Promise<string> {
  decodeBundle(encoded);
  const id = bundleId(encoded);
  await store.put(bundleKey(id), encoded);
  return id;
}

/** The files of a stored bundle, whose bytes are proven to be those of its id. Throws `FUNCTION_LOAD_FAILED` where the store has none, `STORE_FAILED` where they are others. */
export async function getBundle(store: DurableStore, id: string): Promise<BundleFile[]> {
  const encoded = await store.get(bundleKey(id));
  if (encoded === undefined)
    throw new PheromoneError('FUNCTION_LOAD_FAILED', `bundle ${id}: expected it in the durable store, which has none`);
  const found = bundleId(encoded);
  if (found !== id) throw new PheromoneError('STORE_FAILED', `bundle ${id}: expected bytes with this hash, got ${found}`);
  return decodeBundle(encoded);
}

function readManifest(bytes: Buffer): { files: Manifest['files']; end: number } {
  const length = bytes.length < LENGTH_BYTES ? Number.NaN : bytes.readUInt32BE();
  const end = LENGTH_BYTES + length;
  if (!(length <= MANIFEST_BYTES && end <= bytes.length)) throw refusal('expected a list of files at its beginning');
  let manifest: unknown;
  try {
    manifest = JSON.parse(bytes.toString('utf8', LENGTH_BYTES, end));
  } catch {
    throw refusal('expected its list of files to be JSON');
  }
  if (!isManifest(manifest)) throw refusal('expected a list of files of version 1, each with path and size');
  return { files: manifest.files, end };
}

function isManifest(value: unknown): value is Manifest {
  const { version, files } = (value ?? {}) as Partial<Manifest>;
  const isFile = (file: unknown): boolean =>
    Array.isArray(file) && file.length === 2 && typeof file[0] === 'string' && Number.isSafeInteger(file[1]) && file[1] >= 0;
  return version === 1 && Array.isArray(files) && files.every(isFile);
}

function checkFiles(files: Manifest['files']): void {
  if (files.length > STORE_LIMITS.bundleFiles) throw refusal(`expected at most ${STORE_LIMITS.bundleFiles} files, got ${files.length}`);
  const paths = new Set<string>();
  let total = 0;
  for (const [path, size] of files) {
    const fault = paths.has(path) ? 'expected each path once' : keyFault(path);
    if (fault !== undefined) throw refusal(`file ${quoted(path)}: ${fault}`);
    paths.add(path);
    total += size;
  }
  for (const path of paths) {
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      const folder = path.slice(0, slash);
      if (paths.has(folder)) throw refusal(`file ${quoted(path)}: expected ${quoted(folder)} to be a folder, got a file`);
    }
  }
  if (total > STORE_LIMITS.bundleBytes) {
    throw new PheromoneError('OBJECT_TOO_LARGE', `bundle: expected at most ${STORE_LIMITS.bundleBytes} bytes in all files, got ${total}`);
  }
}

function refusal(fault: string): PheromoneError {
  return new PheromoneError('INVALID_ARGUMENT', `bundle: ${fault}`);
}
