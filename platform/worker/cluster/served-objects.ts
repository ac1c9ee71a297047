/** The objects that this node gives to others: of sessions that are at home here, and of those whose guest it is. */

import type { ObjectStore } from '../../store/objects.ts';
import type { SessionTable } from '../../store/sessions.ts';
import type { Fetch, Look } from '../../wire/peer-messages.ts';
import type { HomeConnection } from '../../wire/peer-protocol.ts';
import type { SessionState, Sessions } from '../sessions.ts';
import type { Spilling } from '../spilling/spilling.ts';
import type { AbsentObjects } from './absent-objects.ts';

/** Where objects are put that go to another node by way of the durable store. */
export interface OutgoingStore {
  put(key: string, bytes: Uint8Array): Promise<void>;
}

export interface ServedParts {
  readonly self: string;
  readonly sessions: Sessions;
  readonly table: SessionTable;
  readonly objects: ObjectStore;
  readonly absent: AbsentObjects;
  readonly spilling: Spilling;
  readonly store: OutgoingStore | undefined;
  /** A reader is done for which the session's memory was held. */
  unhold(session: SessionState): void;
}

export class ServedObjects {
  readonly #parts: ServedParts;
  /** Sessions of which this node is a guest, by how other nodes name them. */
  readonly #hosted = new Map<string, SessionState>();
  /** Each fetch by way of the store has a key of its own, which whoever fetches deletes. */
  #puts = 0;

  constructor(parts: ServedParts) {
    this.#parts = parts;
  }

  host(session: SessionState): void {
    if (session.guest !== undefined) this.#hosted.set(nameOf(session.guest.home, session.guest.session), session);
  }

  unhost(session: SessionState): void {
    if (session.guest === undefined) return;
    const name = nameOf(session.guest.home, session.guest.session);
    if (this.#hosted.get(name) === session) this.#hosted.delete(name);
  }

  sessionNamed(home: string, id: number): SessionState | undefined {
    return home === this.#parts.self ? this.#parts.sessions.byId(id) : this.#hosted.get(nameOf(home, id));
  }

  /** Sends an object's bytes, without copying large ones: the session's memory is held meanwhile. */
  answer({ id, ref, home, session: number, byStore }: Fetch, session: SessionState | undefined, connection: HomeConnection): void {
    const { objects, store, unhold } = this.#parts;
    if (session === undefined || !objects.isOf(session.slot, ref) || objects.isAbsent(ref)) {
      connection.send({ type: 'absent', id, message: `expected an object ${ref} of session ${number} of "${home}", there is none` });
      return;
    }
    if (!objects.keep(ref)) {
      void this.#answerSpilled(id, ref, session, connection);
      return;
    }
    session.holds++;
    if (!byStore || store === undefined) {
      connection.send({ type: 'object', id, storeKey: '' }, objects.payload(ref), { keep: true, sent: () => unhold(session) });
      return;
    }
    this.#puts++;
    const storeKey = `transfer/${this.#parts.self}/${number}/${ref}/${this.#puts}`;
    store
      .put(storeKey, objects.payload(ref))
      .then(
        () => connection.send({ type: 'object', id, storeKey }),
        (error: Error) => connection.send({ type: 'absent', id, message: error.message }),
      )
      .finally(() => unhold(session));
  }

  /** Reads an object from where it was spilled to. */
  async #answerSpilled(id: number, ref: number, session: SessionState, connection: HomeConnection): Promise<void> {
    const { spilling, unhold } = this.#parts;
    session.holds++;
    try {
      connection.send({ type: 'object', id, storeKey: '' }, await spilling.read(session, ref));
    } catch (error) {
      connection.send({ type: 'absent', id, message: (error as Error).message });
    } finally {
      unhold(session);
    }
  }

  look({ id, bucket, key, session: number }: Look, session: SessionState | undefined, connection: HomeConnection): void {
    const { objects, absent } = this.#parts;
    const ref = session === undefined ? -1 : objects.find(session.slot, bucket, key);
    if (session === undefined || ref < 0) {
      connection.send({ type: 'looked', id, session: number, object: undefined });
      return;
    }
    const { head, bytes } = absent.describe(session, ref);
    connection.send({ type: 'looked', id, session: number, object: head }, bytes);
  }
}

function nameOf(home: string, session: number): string {
  return `${session}@${home}`;
}
