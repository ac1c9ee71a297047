/** Where spilled objects lie: in the node's durable store, or in an embedded one that lives no longer than the node. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PheromoneError } from '../../core/errors.ts';
import { openLog } from '../../log/log.ts';
import { openDiskStore } from '../../store/durable/disk-store.ts';
import type { DurableStore } from '../../store/durable/durable-store.ts';

const log = openLog({ role: 'worker' });

/** Opened with the first use: most nodes never spill. All methods reject with `STORE_FAILED`. */
export class SpillStore {
  readonly #prefix: string;
  readonly #configured: DurableStore | undefined;
  #open: Promise<DurableStore> | undefined;
  #folder: string | undefined;
  #number = 0;
  /** By key: how many want its bytes, where these are more than one. */
  readonly #users = new Map<string, number>();

  /** `node`: what the node is called; unique among those that use the store. */
  constructor(node: string, configured: DurableStore | undefined) {
    this.#prefix = `spill/${encodeURIComponent(node)}`;
    this.#configured = configured;
  }

  /** Stores bytes of a session, or of an app's triggers; resolves to their key. */
  async put(owner: string, bytes: Uint8Array): Promise<string> {
    const key = `${this.#prefix}/${owner}/${this.#number++}`;
    // What is shared memory now may be somebody else's by the time that the store is open.
    const copy = Uint8Array.from(bytes);
    await (await this.#store()).put(key, copy);
    return key;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return (await this.#store()).get(key);
  }

  /** One more wants the bytes of a key. */
  share(key: string): void {
    this.#users.set(key, (this.#users.get(key) ?? 1) + 1);
  }

  /** One less wants the bytes of a key; after the last they are removed. */
  drop(key: string): void {
    const left = (this.#users.get(key) ?? 1) - 1;
    if (left > 1) this.#users.set(key, left);
    else this.#users.delete(key);
    if (left > 0) return;
    this.#store()
      .then((store) => store.delete(key))
      .catch((err) => log.warn('a spilled object could not be removed from the durable store', { key, err }));
  }

  async close(): Promise<void> {
    if (this.#configured === undefined) await (await this.#open?.catch(() => undefined))?.close();
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
  }

  #store(): Promise<DurableStore> {
    this.#open ??= this.#prepare().catch((error) => {
      this.#open = undefined;
      throw error;
    });
    return this.#open;
  }

  async #prepare(): Promise<DurableStore> {
    if (this.#configured !== undefined) {
      // What a node of this name left behind when it was killed.
      for await (const key of this.#configured.list(`${this.#prefix}/`)) await this.#configured.delete(key);
      return this.#configured;
    }
    try {
      this.#folder ??= await mkdtemp(join(tmpdir(), 'pheromone-spill-'));
    } catch (error) {
      throw new PheromoneError('STORE_FAILED', `expected to make a folder for spilled objects: ${(error as Error).message}`);
    }
    return openDiskStore(this.#folder);
  }
}
