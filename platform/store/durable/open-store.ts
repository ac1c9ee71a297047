/** Opens the durable store that a configuration names. */
import { openDiskStore } from './disk-store.ts';
import type { DurableStore } from './durable-store.ts';
import { openMemoryStore } from './memory-store.ts';
import { openS3Store, type S3Config } from './s3-store.ts';

/** Where the durable store is. `disk` is for the processes of one machine, `s3` for those of many. */
export type StoreConfig =
  | { readonly kind: 'memory' }
  | { readonly kind: 'disk'; readonly path: string }
  | ({ readonly kind: 's3' } & S3Config);

/** Throws `STORE_FAILED` where the store cannot be reached, `INVALID_ARGUMENT` for a configuration that none could have. */
export async function openStore(config: StoreConfig): Promise<DurableStore> {
  switch (config.kind) {
    case 'memory':
      return openMemoryStore();
    case 'disk':
      return openDiskStore(config.path);
    case 's3':
      return openS3Store(config);
  }
}
