/** Code as it is uploaded. */
import { fileURLToPath } from 'node:url';
import { readBundle } from '../store/bundle-folder.ts';
import { type BundleFile, encodeBundle } from '../store/bundles.ts';

/** A folder, by its path or as a `file:` URL; or files; or what `encodeBundle` has made of either. */
export type BundleSource = string | URL | Iterable<BundleFile> | Uint8Array;

/** Rejects as `readBundle` and `encodeBundle` do. */
export async function encodedBundle(source: BundleSource): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  const isFolder = typeof source === 'string' || source instanceof URL;
  return encodeBundle(isFolder ? await readBundle(source instanceof URL ? fileURLToPath(source) : source) : source);
}
