/** Brings objects from other nodes: raw bytes, received straight into object memory, over connections that carry nothing else. */
import { PheromoneError } from '../../core/errors.ts';
import type { PeerReport } from '../../wire/peer-messages.ts';
import type { Place } from '../spread-state.ts';
import type { Link } from './link.ts';
import type { Links } from './links.ts';

/** Of which session, by its home and the home's number for it. */
export interface SessionName {
  readonly home: string;
  readonly session: number;
}

/** Where objects lie that go from node to node by way of the durable store. */
export interface TransferStore {
  get(key: string): Promise<Uint8Array | undefined>;
  delete(key: string): Promise<void>;
}

interface Fetching {
  readonly memory: Uint8Array;
  readonly done: (error?: PheromoneError) => void;
}

/** Fetches under way from one node. */
interface Source {
  readonly link: Link;
  readonly fetching: Map<number, Fetching>;
}

export class Fetcher {
  readonly #links: Links;
  /** `undefined`: straight from node to node. */
  readonly #store: TransferStore | undefined;
  readonly #sources = new Map<string, Source>();
  #lastId = 0;

  constructor(links: Links, store: TransferStore | undefined) {
    this.#links = links;
    this.#store = store;
  }

  /**
   * Fills `memory`, of the object's size, with its bytes; `done` is called once, never within the call. `NODE_LOST`: the
   * node is gone, or has the object no more, since it has given up the session or is another one of the same name.
   */
  fetch({ home, session }: SessionName, { node, ref }: Place, memory: Uint8Array, done: (error?: PheromoneError) => void): void {
    try {
      const { link, fetching } = this.#source(node);
      const id = ++this.#lastId;
      fetching.set(id, { memory, done });
      link.send({ type: 'fetch', id, home, session, ref, byStore: this.#store !== undefined });
    } catch (error) {
      setImmediate(done, error as PheromoneError);
    }
  }

  #source(node: string): Source {
    const known = this.#sources.get(node);
    if (known !== undefined) return known;
    const fetching = new Map<number, Fetching>();
    const link = this.#links.dial(node, {
      room: (message) => (message.type === 'object' ? fetching.get(message.id)?.memory : undefined),
      isBusy: () => fetching.size > 0,
      report: (message, payload) => this.#receive(node, fetching, message, payload),
      lost: (error) => {
        this.#sources.delete(node);
        const lost = new PheromoneError('NODE_LOST', `node "${node}", which holds objects that are needed here: ${error.message}`);
        for (const { done } of fetching.values()) done(lost);
        fetching.clear();
      },
    });
    const source = { link, fetching };
    this.#sources.set(node, source);
    return source;
  }

  #receive(node: string, fetching: Map<number, Fetching>, message: PeerReport, payload: Uint8Array): void {
    if (message.type !== 'object' && message.type !== 'absent') return;
    const one = fetching.get(message.id);
    if (one === undefined) return;
    fetching.delete(message.id);
    if (message.type === 'absent') one.done(new PheromoneError('NODE_LOST', `node "${node}": ${message.message}`));
    else if (message.storeKey !== '' && this.#store !== undefined) void this.#read(this.#store, message.storeKey, one);
    else this.#fill(node, one, payload);
  }

  #fill(node: string, { memory, done }: Fetching, payload: Uint8Array): void {
    if (payload.length !== memory.length) {
      done(new PheromoneError('BAD_MESSAGE', `node "${node}": expected an object of ${memory.length} bytes, got ${payload.length}`));
      return;
    }
    // Large ones have been received into it.
    if (payload !== memory) memory.set(payload);
    done();
  }

  async #read(store: TransferStore, key: string, one: Fetching): Promise<void> {
    let bytes: Uint8Array | undefined;
    try {
      bytes = await store.get(key);
    } catch (error) {
      one.done(error as PheromoneError);
      return;
    }
    // Nobody else reads it; what cannot be deleted now stays.
    store.delete(key).catch(() => {});
    if (bytes === undefined) one.done(new PheromoneError('NODE_LOST', `durable store: expected an object under "${key}", got none`));
    else this.#fill('durable store', one, bytes);
  }
}
