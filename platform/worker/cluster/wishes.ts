/** Objects that functions ask for by bucket and key, and that this node does not have. */
import { toPheromoneError } from '../../core/errors.ts';
import { Wish } from '../../executor/wish.ts';
import type { Found, Looked, PeerReport } from '../../wire/peer-messages.ts';
import type { NodeParts } from '../scheduler.ts';
import type { SessionState } from '../sessions.ts';
import type { AbsentObjects } from './absent-objects.ts';
import type { Links } from './links.ts';

/** A question that guests have been asked, and what has come of it so far. */
interface Search {
  readonly session: SessionState;
  /** Guests that have not answered. */
  readonly open: Set<string>;
  /** The object sent last of those found, -1: none has been; `undefined`: it cannot be had. */
  found: number | undefined;
  readonly done: (ref: number | undefined) => void;
}

export class Wishes {
  readonly #node: NodeParts;
  readonly #absent: AbsentObjects;
  readonly #links: Links;
  readonly #searches = new Map<number, Search>();
  /** Of executors of sessions whose home has been asked. */
  readonly #asked = new Map<number, { readonly session: SessionState; readonly wish: Wish }>();
  #lastId = 0;

  constructor(node: NodeParts, absent: AbsentObjects, links: Links) {
    this.#node = node;
    this.#absent = absent;
    this.#links = links;
  }

  /** An executor of a session that is at home here waits for an object. */
  onWish(session: SessionState, bucket: number, ref: number): void {
    const wish = new Wish(this.#node.objects.payload(ref));
    this.#search(session, bucket, this.#node.objects.key(ref), undefined, (found) => this.#grant(session, wish, found));
  }

  /** An executor of a session whose guest this node is waits for an object; `ask` asks the session's home. */
  onGuestWish(session: SessionState, bucket: number, ref: number, ask: (id: number, key: string) => void): void {
    const { objects } = this.#node;
    const wish = new Wish(objects.payload(ref));
    const key = objects.key(ref);
    const here = objects.find(session.slot, bucket, key);
    if (here >= 0) {
      this.#grant(session, wish, here);
      return;
    }
    const id = ++this.#lastId;
    session.holds++;
    this.#asked.set(id, { session, wish });
    ask(id, key);
  }

  /** A session's home has answered. */
  onFound(session: SessionState, { id, object }: Found, payload: Uint8Array, from: string): void {
    const asked = this.#asked.get(id);
    if (asked === undefined || asked.session !== session) return;
    this.#asked.delete(id);
    this.#grant(session, asked.wish, object === undefined ? -1 : this.#adopt(session, object, payload, from));
    this.#node.host.unhold(session);
  }

  /** The connection to a session's home is gone: nobody will answer. */
  giveUp(session: SessionState): void {
    for (const [id, asked] of this.#asked) {
      if (asked.session !== session) continue;
      this.#asked.delete(id);
      asked.wish.fail();
      this.#node.host.unhold(session);
    }
  }

  /** A guest looks for an object of a session that is at home here. */
  onFind(node: string, session: SessionState, { id, bucket, key }: PeerReport & { readonly type: 'find' }): void {
    this.#search(session, bucket, key, node, (found) => {
      const isThere = found !== undefined && found >= 0;
      const { head, bytes } = isThere ? this.#absent.describe(session, found) : { head: undefined, bytes: undefined };
      this.#links.tell(node, { type: 'found', id, session: session.id, object: head }, bytes === undefined ? [] : [bytes]);
    });
  }

  /** A guest has looked for an object. */
  onLooked(node: string, { id, object }: Looked, payload: Uint8Array): void {
    const search = this.#searches.get(id);
    if (search === undefined || !search.open.delete(node)) return;
    const { objects } = this.#node;
    if (object !== undefined) {
      const ref = this.#adopt(search.session, object, payload, node);
      if (ref === undefined) search.found = undefined;
      else if (search.found !== undefined && (search.found < 0 || objects.sentNs(ref) > objects.sentNs(search.found))) search.found = ref;
    }
    if (search.open.size === 0) this.#conclude(id, search);
  }

  /** Whether a guest has been asked something. */
  isBusy(node: string): boolean {
    return [...this.#searches.values()].some(({ open }) => open.has(node));
  }

  /** A guest will answer no more. */
  onLost(node: string): void {
    for (const [id, search] of this.#searches) {
      if (search.open.delete(node) && search.open.size === 0) this.#conclude(id, search);
    }
  }

  #search(session: SessionState, bucket: number, key: string, except: string | undefined, done: Search['done']): void {
    const here = this.#node.objects.find(session.slot, bucket, key);
    const guests = [...(session.guests?.keys() ?? [])].filter((node) => node !== except);
    if (here >= 0 || guests.length === 0) {
      done(this.#trusted(session, here));
      return;
    }
    const id = ++this.#lastId;
    session.holds++;
    this.#searches.set(id, { session, open: new Set(guests), found: -1, done });
    for (const node of guests) this.#links.to(node).send({ type: 'look', id, session: session.id, bucket, key });
  }

  #conclude(id: number, { session, found, done }: Search): void {
    this.#searches.delete(id);
    done(this.#trusted(session, found));
    this.#node.host.unhold(session);
  }

  /** That nobody has an object says little where a node is lost: the session fails then. */
  #trusted(session: SessionState, found: number | undefined): number | undefined {
    if (found === undefined || found >= 0 || session.lost === undefined) return found;
    const what = `app "${session.app.plan.name}": expected to find an object, and node "${session.lost}", which may have had it, is lost`;
    this.#node.host.fail(session, 'NODE_LOST', what);
    return undefined;
  }

  /** `undefined`: it cannot be taken in, and the session has failed for that. */
  #adopt(session: SessionState, object: NonNullable<Found['object']>, payload: Uint8Array, from: string): number | undefined {
    try {
      return this.#absent.adopt(session, object, object.node === '' ? payload : undefined, from);
    } catch (error) {
      const { code, message } = toPheromoneError(error);
      this.#node.host.fail(session, code, message);
      return undefined;
    }
  }

  #grant(session: SessionState, wish: Wish, ref: number | undefined): void {
    if (ref === undefined) {
      wish.fail();
      return;
    }
    if (ref < 0) {
      wish.grant(-1);
      return;
    }
    this.#absent.bring(session, [ref], (error) => {
      if (error === undefined) wish.grant(ref);
      else wish.fail();
    });
  }
}
