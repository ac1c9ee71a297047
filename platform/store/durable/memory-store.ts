/** A durable store that is not durable: for tests, and for clusters that need nothing to outlive them. */
import { type DurableStore, guardStore, type StoreEngine } from './durable-store.ts';
import { STORE_LIMITS } from './limits.ts';

/** A store in this process's memory alone. */
export function openMemoryStore(): DurableStore {
  return guardStore(new MemoryEngine());
}

class MemoryEngine implements StoreEngine {
  readonly name = 'memory store';
  readonly #values = new Map<string, Uint8Array>();

  async put(key: string, bytes: Uint8Array): Promise<void> {
    this.#values.set(key, new Uint8Array(bytes));
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const bytes = this.#values.get(key);
    return bytes && new Uint8Array(bytes);
  }

  async delete(key: string): Promise<void> {
    this.#values.delete(key);
  }

  async page(prefix: string, after: string): Promise<readonly string[]> {
    return [...this.#values.keys()]
      .filter((key) => key.startsWith(prefix) && key > after)
      .sort()
      .slice(0, STORE_LIMITS.pageKeys);
  }

  async close(): Promise<void> {
    this.#values.clear();
  }
}
