/** Definitions of apps in the durable store, from which they come back when no process of the cluster is left that knows them. */
import { createHash } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';
import type { DurableStore } from '../store/durable/durable-store.ts';
import type { KnownApp } from '../wire/coordinator-messages.ts';

const PREFIX = 'apps/';

export class AppArchive {
  readonly #store: DurableStore;

  constructor(store: DurableStore) {
    this.#store = store;
  }

  /** Resolves when the app is stored, in the place of an earlier version. Rejects with `STORE_FAILED`. */
  async save({ name, version, definition }: KnownApp): Promise<void> {
    await this.#store.put(keyOf(name), serialize({ name, version, definition }));
  }

  /** Rejects with `STORE_FAILED`. */
  async remove(name: string): Promise<void> {
    await this.#store.delete(keyOf(name));
  }

  /** All apps there are. Rejects with `STORE_FAILED`. */
  async load(): Promise<KnownApp[]> {
    const apps: KnownApp[] = [];
    for await (const key of this.#store.list(PREFIX)) {
      const bytes = await this.#store.get(key);
      if (bytes !== undefined) apps.push(deserialize(bytes) as KnownApp);
    }
    return apps;
  }
}

/** Names may hold what keys may not. */
function keyOf(name: string): string {
  return `${PREFIX}${createHash('sha256').update(name).digest('hex')}`;
}
