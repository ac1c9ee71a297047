/** A process or thread that fetches a bundle from a disk store into a shared cache, and imports a file of it; it fails unless this exports what is expected. */
import { BundleCache, resolveModule } from '../bundle-cache.ts';
import { openDiskStore } from '../durable/disk-store.ts';

const [path, cache, module, expected] = process.argv.slice(2) as [string, string, string, string];
const store = await openDiskStore(path);
const { said } = (await import(await resolveModule(module, new BundleCache(store, cache)))) as { said: unknown };
await store.close();
if (said !== expected) throw new Error(`expected ${expected}, got ${said}`);
