/**
 * Objects that nobody can be reading go to the durable store when object memory runs short: those that wait for a
 * trigger, whose sender is over, and that have memory of their own. Nobody is told: a function that comes to read
 * one has it brought back then.
 */
import { PheromoneError, toPheromoneError } from '../../core/errors.ts';
import type { Ledger } from '../../executor/ledger.ts';
import type { Report } from '../../executor/reports.ts';
import { GRANULE_BYTES } from '../../store/memory.ts';
import type { ObjectStore } from '../../store/objects.ts';
import type { SessionState, Sessions } from '../sessions.ts';
import type { SpillStore } from './spill-store.ts';

/** Writes to the durable store at once. */
const PUTS = 4;

export interface SpillingParts {
  readonly objects: ObjectStore;
  readonly sessions: Sessions;
  readonly ledger: Ledger;
  readonly store: SpillStore;
  /** Objects up to this size are never spilled; at least what shares its memory with others. */
  readonly keptBytes: number;
  /** Memory has become free, or, with an error, it has not. */
  spilled(error?: PheromoneError): void;
}

/** An object that waits for a trigger. */
interface Candidate {
  readonly session: SessionState;
  readonly ref: number;
  readonly bytes: number;
  /** Whether the invocation that sent it is over. */
  isSenderOver(): boolean;
}

export class Spilling {
  readonly #parts: SpillingParts;
  /** In the order in which they were sent. */
  readonly #candidates = new Set<Candidate>();
  #puts = 0;
  #underWayBytes = 0;

  constructor(parts: SpillingParts) {
    this.#parts = parts;
  }

  /** Whether anything is on its way to the store. */
  get isUnderWay(): boolean {
    return this.#puts > 0;
  }

  /** Whether anything waits that may be spilled once its sender is over. */
  get hasCandidates(): boolean {
    return this.#candidates.size > 0;
  }

  /** Bytes on their way to the store, whose memory will be free. */
  get underWayBytes(): number {
    return this.#underWayBytes;
  }

  /** An object was sent that triggers of its session hold; says whether it may be spilled in time. */
  note(session: SessionState, { ref, entry, count }: Report, thread: number): boolean {
    const { objects, ledger, keptBytes } = this.#parts;
    const bytes = objects.size(ref);
    // Of outputs the caller is told soon.
    if (count === 1 || bytes <= Math.max(keptBytes, GRANULE_BYTES / 2)) return false;
    this.#candidates.add({ session, ref, bytes, isSenderOver: ledger.watch(entry, thread) });
    return true;
  }

  /** Begins to spill objects that come to `bytes`, the oldest first; `app`: of this app alone. Returns how many bytes will be free. */
  spill(bytes: number, app?: number): number {
    let begun = this.#underWayBytes;
    for (const candidate of this.#candidates) {
      if (begun >= bytes || this.#puts >= PUTS) break;
      const { session, ref } = candidate;
      const isGone = session.over || this.#parts.sessions.at(session.slot, session.epoch) !== session;
      if (isGone || !this.#parts.objects.isSpillable(ref)) {
        // It will not become spillable again.
        this.#candidates.delete(candidate);
      } else if ((app === undefined || session.app.index === app) && session.holds === 0 && candidate.isSenderOver()) {
        this.#candidates.delete(candidate);
        begun += candidate.bytes;
        void this.#put(candidate);
      }
    }
    return begun;
  }

  /** The bytes of a spilled object. Rejects with `STORE_FAILED`. */
  async read(session: SessionState, ref: number): Promise<Uint8Array> {
    const spilled = session.spilled?.get(ref);
    if (spilled instanceof Uint8Array) return spilled;
    const bytes = spilled === undefined ? undefined : await this.#parts.store.get(spilled);
    const size = this.#parts.objects.size(ref);
    if (bytes?.length === size) return bytes;
    throw new PheromoneError('STORE_FAILED', `durable store: expected ${size} bytes under "${spilled}", got ${bytes?.length ?? 'none'}`);
  }

  /** The session is over, or the object is in memory again. */
  forget(session: SessionState, ref?: number): void {
    const refs = ref === undefined ? [...(session.spilled?.keys() ?? [])] : [ref];
    for (const each of refs) {
      const spilled = session.spilled?.get(each);
      session.spilled?.delete(each);
      if (typeof spilled === 'string') this.#parts.store.drop(spilled);
    }
  }

  async #put(candidate: Candidate): Promise<void> {
    const { session, ref, bytes } = candidate;
    const { objects, sessions, store, spilled } = this.#parts;
    this.#puts++;
    this.#underWayBytes += bytes;
    let failure: PheromoneError | undefined;
    try {
      const key = await store.put(`${session.id}`, objects.payload(ref));
      const isAlive = !session.over && sessions.at(session.slot, session.epoch) === session;
      // Somebody may have begun to read it meanwhile, in the node or from outside.
      if (isAlive && session.holds === 0 && objects.spill(session.slot, ref)) {
        session.spilled ??= new Map();
        session.spilled.set(ref, key);
      } else {
        store.drop(key);
        if (isAlive) this.#candidates.add(candidate);
      }
    } catch (error) {
      failure = toPheromoneError(error);
      this.#candidates.add(candidate);
    }
    this.#puts--;
    this.#underWayBytes -= bytes;
    spilled(failure);
  }
}
