/** The durable store as the platform sees it, and the checks that hold whatever lies below. */
import { PheromoneError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { keyFault, prefixFault, quoted } from './keys.ts';

/**
 * Keeps bytes under keys, beyond the life of any process of the platform: objects sent as output, function code and
 * spilled objects (paper, section 4). All calls may run at the same time. Errors: `INVALID_ARGUMENT` for a key that
 * {@link keyFault} refuses and for a store that is closed, `OBJECT_TOO_LARGE`, `STORE_FAILED` for what the store
 * itself could not do.
 */
export interface DurableStore {
  /**
   * Stores a copy of `bytes` in the place of whatever the key had; they must not change until then. Resolves when
   * they are stored: synced to disk, or acknowledged by the S3 server. A failed one has stored all or nothing.
   */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** The bytes, as the caller's own copy; `undefined` where the key has none. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** Resolves when the key has no bytes any more; it need not have had any. */
  delete(key: string): Promise<void>;
  /**
   * The keys that begin with `prefix` (which may be empty, or end within a segment), each once and in no order to rely
   * on, fetched page by page. A key that comes or goes meanwhile may be among them or not.
   */
  list(prefix: string): AsyncIterable<string>;
  /** Waits for what is under way, and lets go of the store. What comes later is refused. */
  close(): Promise<void>;
}

/** What an implementation does. Keys and sizes have been checked, and no call comes after `close`. */
export interface StoreEngine {
  /** For messages: which store, without credentials. */
  readonly name: string;
  put(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  get(key: string): Promise<Uint8Array | undefined>;
  delete(key: string): Promise<void>;
  /** At most `STORE_LIMITS.pageKeys` keys, those that follow `after` in the store's own order (the first for ''); none after the last. */
  page(prefix: string, after: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Makes a store of an engine. */
export function guardStore(engine: StoreEngine): DurableStore {
  return new GuardedStore(engine);
}

/** Checks what goes in, gives every failure its code, and lets nothing overtake the close. */
class GuardedStore implements DurableStore {
  readonly #engine: StoreEngine;
  readonly #underWay = new Set<Promise<unknown>>();
  #closed: Promise<void> | undefined;

  constructor(engine: StoreEngine) {
    this.#engine = engine;
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    this.#check('put', key, keyFault(key));
    if (bytes.length > LIMITS.objectBytes) {
      throw new PheromoneError(
        'OBJECT_TOO_LARGE',
        `${this.#at('put', key)}: expected at most ${LIMITS.objectBytes} bytes, got ${bytes.length}`,
      );
    }
    await this.#run('put', key, () => this.#engine.put(key, unshared(bytes)));
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    this.#check('get', key, keyFault(key));
    return this.#run('get', key, () => this.#engine.get(key));
  }

  async delete(key: string): Promise<void> {
    this.#check('delete', key, keyFault(key));
    await this.#run('delete', key, () => this.#engine.delete(key));
  }

  async *list(prefix: string): AsyncIterable<string> {
    this.#check('list', prefix, prefixFault(prefix));
    let page: readonly string[];
    for (let after = ''; ; after = page.at(-1) as string) {
      page = await this.#run('list', prefix, () => this.#engine.page(prefix, after));
      if (page.length === 0) return;
      yield* page;
    }
  }

  close(): Promise<void> {
    this.#closed ??= Promise.allSettled(this.#underWay).then(() => this.#engine.close());
    return this.#closed;
  }

  #check(call: string, key: string, fault: string | undefined): void {
    if (fault !== undefined) throw new PheromoneError('INVALID_ARGUMENT', `${this.#at(call, key)}: ${fault}`);
  }

  async #run<T>(call: string, key: string, action: () => Promise<T>): Promise<T> {
    if (this.#closed !== undefined) throw new PheromoneError('INVALID_ARGUMENT', `${this.#at(call, key)}: expected a store that is open`);
    const running = action();
    this.#underWay.add(running);
    try {
      return await running;
    } catch (error) {
      if (error instanceof PheromoneError) throw error;
      // No cause: what a library throws may hold the request, and with it credentials.
      throw new PheromoneError('STORE_FAILED', `${this.#at(call, key)}: ${error instanceof Error ? error.message : error}`);
    } finally {
      this.#underWay.delete(running);
    }
  }

  #at(call: string, key: string): string {
    return `${this.#engine.name}: ${call} ${quoted(key)}`;
  }
}

/** Libraries take shared memory for something else, or read it while it is given back: a copy where it is shared. */
function unshared(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}
