/** Objects whose bytes lie on other nodes: what is known of them here, and how their bytes are brought. */
import { PheromoneError } from '../../core/errors.ts';
import { hostNowNs } from '../../executor/clock.ts';
import type { ObjectStore } from '../../store/objects.ts';
import type { ObjectHead } from '../../wire/peer-messages.ts';
import type { SessionState } from '../sessions.ts';
import type { ElsewhereState } from '../spread-state.ts';
import type { Fetcher, SessionName } from './fetcher.ts';

/** Most sessions never have any. */
function elsewhereOf(session: SessionState): ElsewhereState {
  session.elsewhere ??= { places: new Map(), adopted: new Map(), waiting: new Map() };
  return session.elsewhere;
}

/** An object as it is told of to another node: its head, and its bytes where they travel with it. */
export interface Described {
  readonly head: ObjectHead;
  readonly bytes: Uint8Array | undefined;
}

export interface AbsentParts {
  readonly self: string;
  readonly objects: ObjectStore;
  readonly fetcher: Fetcher;
  readonly piggybackBytes: number;
  /** Names a session to other nodes. */
  nameOf(session: SessionState): SessionName;
  /** A reader is done for which the session's memory was held. */
  unhold(session: SessionState): void;
}

export class AbsentObjects {
  readonly #parts: AbsentParts;
  #fetchedBytes = 0;

  constructor(parts: AbsentParts) {
    this.#parts = parts;
  }

  /** How many bytes have been brought. */
  get fetchedBytes(): number {
    return this.#fetchedBytes;
  }

  /** Takes in an object that another node has told of; `bytes` are those that came with it. Returns its reference here. Throws `OUT_OF_MEMORY`. */
  adopt(session: SessionState, head: ObjectHead, bytes: Uint8Array | undefined, from: string): number {
    const { self, objects } = this.#parts;
    if (head.node === self) return head.ref;
    const node = head.node === '' ? from : head.node;
    const { places, adopted } = elsewhereOf(session);
    // A node that was lost and came back names other objects alike.
    const key = `${node}:${head.ref}:${head.sentNs}`;
    const known = adopted.get(key);
    if (known !== undefined) return known;
    const { slot, epoch } = session;
    const ref =
      bytes === undefined
        ? objects.addAbsent(slot, epoch, head.size, head, head.sentNs)
        : objects.add(slot, epoch, bytes, head, head.sentNs);
    adopted.set(key, ref);
    if (bytes === undefined) places.set(ref, { node, ref: head.ref });
    return ref;
  }

  /** What another node is told of an object: small ones with their bytes. */
  describe(session: SessionState, ref: number, carriedBytes = this.#parts.piggybackBytes): Described {
    const { self, objects } = this.#parts;
    const size = objects.size(ref);
    const head = { ...objects.label(ref), size, sentNs: objects.sentNs(ref) };
    const place = session.elsewhere?.places.get(ref);
    if (place !== undefined) return { head: { ...head, ...place }, bytes: undefined };
    // What is spilled is fetched, as what is large.
    if (size > carriedBytes || !objects.keep(ref)) return { head: { ...head, node: self, ref }, bytes: undefined };
    return { head: { ...head, node: '', ref }, bytes: objects.payload(ref) };
  }

  /** Whether all of these objects have their bytes here. */
  areHere(refs: readonly number[]): boolean {
    return !refs.some((ref) => this.#parts.objects.isAbsent(ref));
  }

  /** How many bytes of these objects lie on which node. */
  bytesByNode(session: SessionState, refs: readonly number[]): [string, number][] {
    const bytes = new Map<string, number>();
    for (const ref of refs) {
      const node = session.elsewhere?.places.get(ref)?.node ?? this.#parts.self;
      bytes.set(node, (bytes.get(node) ?? 0) + this.#parts.objects.size(ref));
    }
    return [...bytes];
  }

  /** Brings what is absent of these objects; calls `done` when all are here, at once where they are, or with the first error. */
  bring(session: SessionState, refs: readonly number[], done: (error?: PheromoneError) => void): void {
    let missing = 1;
    let failed = false;
    const one = (error?: PheromoneError): void => {
      missing--;
      if (failed) return;
      failed = error !== undefined;
      if (failed || missing === 0) done(error);
    };
    for (const ref of new Set(refs)) {
      if (!this.#parts.objects.isAbsent(ref)) continue;
      missing++;
      this.#bringOne(session, ref, one);
    }
    one();
  }

  #bringOne(session: SessionState, ref: number, done: (error?: PheromoneError) => void): void {
    const { self, objects, fetcher, nameOf } = this.#parts;
    const { places, waiting } = elsewhereOf(session);
    const others = waiting.get(ref);
    if (others !== undefined) {
      others.push(done);
      return;
    }
    const place = places.get(ref);
    if (place === undefined) {
      done(new PheromoneError('INTERNAL', `object ${ref}: expected to know where its bytes are`));
      return;
    }
    const waiters = [done];
    waiting.set(ref, waiters);
    session.holds++;
    const settle = (error?: PheromoneError): void => {
      waiting.delete(ref);
      for (const waiter of waiters) waiter(error);
      this.#parts.unhold(session);
    };
    try {
      const memory = objects.allocate(session.slot, session.epoch, objects.size(ref));
      const startedNs = hostNowNs();
      fetcher.fetch(nameOf(session), place, memory, (error) => {
        if (error === undefined) {
          objects.settle(ref, memory);
          places.delete(ref);
          this.#fetchedBytes += memory.length;
          session.transfers?.push({ from: place.node, to: self, bytes: memory.length, startedNs, endedNs: hostNowNs() });
        }
        settle(error);
      });
    } catch (error) {
      settle(error as PheromoneError);
    }
  }
}
