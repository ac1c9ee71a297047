/** The embedded durable store: an LMDB environment, which all processes of a machine may have open at once. */
import { mkdir } from 'node:fs/promises';
import { open, type RootDatabase } from 'lmdb';
import { PheromoneError } from '../../core/errors.ts';
import { type DurableStore, guardStore, type StoreEngine } from './durable-store.ts';
import { STORE_LIMITS } from './limits.ts';

/** Opens the store in the folder `path`, which is made where it does not exist. Throws `STORE_FAILED`. */
export async function openDiskStore(path: string): Promise<DurableStore> {
  try {
    await mkdir(path, { recursive: true });
    const database = open<Uint8Array, Buffer>({
      path,
      noSubdir: false,
      encoding: 'binary',
      keyEncoding: 'binary',
      // A commit is over when it is on disk, and puts resolve with their commit; overlapping would let them resolve before.
      overlappingSync: false,
    });
    database.readerCheck(); // a killed process leaves its place as a reader, which keeps old pages from being used again
    return guardStore(new DiskEngine(path, database));
  } catch (error) {
    throw new PheromoneError('STORE_FAILED', `disk store ${path}: could not open it: ${error instanceof Error ? error.message : error}`);
  }
}

class DiskEngine implements StoreEngine {
  readonly name: string;
  readonly #database: RootDatabase<Uint8Array, Buffer>;

  constructor(path: string, database: RootDatabase<Uint8Array, Buffer>) {
    this.name = `disk store ${path}`;
    this.#database = database;
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    await this.#database.put(Buffer.from(key), bytes);
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    this.#database.resetReadTxn(); // or it may still be the view from before another process's put
    const bytes = this.#database.get(Buffer.from(key));
    return bytes && new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  async delete(key: string): Promise<void> {
    await this.#database.remove(Buffer.from(key));
  }

  async page(prefix: string, after: string): Promise<readonly string[]> {
    const start = Buffer.from(after === '' ? prefix : after);
    const keys: string[] = [];
    this.#database.resetReadTxn();
    for (const key of this.#database.getKeys({ start, exclusiveStart: after !== '', limit: STORE_LIMITS.pageKeys })) {
      const text = key.toString();
      if (!text.startsWith(prefix)) break;
      keys.push(text);
    }
    return keys;
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}
