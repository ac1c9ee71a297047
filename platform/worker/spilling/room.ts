/** Makes room in object memory: spills what it can when memory runs short, and lets invocations wait for it. */
import { PheromoneError } from '../../core/errors.ts';
import type { Invocation, Ledger } from '../../executor/ledger.ts';
import type { ShortageAnswer } from '../../executor/shortage.ts';
import { Wish } from '../../executor/wish.ts';
import type { AppTable } from '../../store/apps.ts';
import { GRANULE_BYTES } from '../../store/memory.ts';
import type { ObjectStore } from '../../store/objects.ts';
import type { SessionTable } from '../../store/sessions.ts';
import type { SessionState, Sessions } from '../sessions.ts';
import type { Spilling } from './spilling.ts';

/** How often it is looked whether there is room, or what waits has become spillable. */
const LOOK_MS = 5;

export interface RoomParts {
  readonly objects: ObjectStore;
  readonly table: SessionTable;
  readonly ledger: Ledger;
  readonly apps: AppTable;
  readonly sessions: Sessions;
  readonly spilling: Spilling;
  readonly arenaBytes: number;
  /** Memory in use from which on objects are spilled. */
  readonly spillBytes: number;
  /** Memory in use, with the copies that triggers of app scope hold. */
  usedBytes(): number;
  /** Where a thread waits. */
  cellOf(thread: number): Uint8Array;
  tell(thread: number, answer: ShortageAnswer): void;
  /** Executors that take work. */
  executors(): number;
  /** A reader is done for which the session's memory was held. */
  unhold(session: SessionState): void;
}

/** An invocation that waits for room, and blocks its thread. */
interface Waiter {
  readonly thread: number;
  readonly session: SessionState;
  readonly bytes: number;
  readonly wish: Wish;
}

export class Room {
  readonly #parts: RoomParts;
  /** By thread. */
  readonly #waiters = new Map<number, Waiter>();
  /** How often memory has become free. */
  #freed = 0;
  /** By thread: `#freed` when it was last told to try again. */
  readonly #triedAt = new Map<number, number>();
  readonly #entry: Invocation = { slot: 0, epoch: 0, fn: 0, inputs: 0, inputCount: 0, attempt: 0, dueMs: 0 };
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: RoomParts) {
    this.#parts = parts;
  }

  /** Throws `OVERLOADED` where an app's new object has no room at the moment: who calls is to wait. What never fits is left to the claim. */
  expectFor(app: number, bytes: number): void {
    const { apps, usedBytes, arenaBytes } = this.#parts;
    const granules = Math.ceil(bytes / GRANULE_BYTES) + 1;
    const roomBytes = Math.min(apps.roomBytes(app), arenaBytes - usedBytes());
    const mostBytes = Math.min(apps.roomBytes(app) + apps.usedBytes(app), arenaBytes);
    if (granules * GRANULE_BYTES <= roomBytes || bytes > mostBytes) return;
    throw new PheromoneError(
      'OVERLOADED',
      `object memory: expected room for an input of ${bytes} bytes, ${Math.max(0, roomBytes)} are free`,
    );
  }

  /** An object was sent that triggers hold. */
  noted(): void {
    if (this.#excessBytes() > 0) this.#look();
  }

  /** An invocation waits for room. */
  ask(session: SessionState, thread: number, granules: number): void {
    this.#waiters.set(thread, { thread, session, bytes: granules * GRANULE_BYTES, wish: new Wish(this.#parts.cellOf(thread)) });
    this.#look();
  }

  /** Memory has become free. */
  freed(): void {
    this.#freed++;
    if (this.#waiters.size > 0) this.#look();
  }

  /** What was to become free stays taken: it would be no use to wait for it. */
  failed({ code, message }: PheromoneError): void {
    for (const { thread, wish } of this.#waiters.values()) {
      this.#parts.tell(thread, { type: 'short', code, message: `spilling objects to the durable store failed: ${message}` });
      wish.fail();
    }
    this.#waiters.clear();
  }

  /** Brings an object back that an invocation is about to read: into object memory where there is room, else as a copy for it alone. */
  async bring(session: SessionState, thread: number, ref: number): Promise<void> {
    const { objects, spilling, cellOf, tell, unhold } = this.#parts;
    const wish = new Wish(cellOf(thread));
    session.holds++;
    try {
      const bytes = await spilling.read(session, ref);
      if (objects.isSpilled(ref) && !this.#takeIn(session, ref, bytes)) tell(thread, { type: 'spilled', ref, bytes });
      wish.grant(ref);
    } catch (error) {
      const { code, message } = error as PheromoneError;
      tell(thread, { type: 'short', code, message });
      wish.fail();
    } finally {
      unhold(session);
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #takeIn(session: SessionState, ref: number, bytes: Uint8Array): boolean {
    const { objects, spilling } = this.#parts;
    if (this.#excessBytes() + bytes.length > 0) return false;
    try {
      const memory = objects.allocate(session.slot, session.epoch, bytes.length);
      memory.set(bytes);
      objects.settle(ref, memory);
    } catch {
      return false; // its app has no room
    }
    spilling.forget(session, ref);
    return true;
  }

  /** How much of memory is taken beyond what is to be; below 0: less. */
  #excessBytes(): number {
    return this.#parts.usedBytes() - this.#parts.spillBytes;
  }

  #look(): void {
    const { spilling } = this.#parts;
    for (const waiter of this.#waiters.values()) this.#serve(waiter);
    const excessBytes = this.#excessBytes();
    if (excessBytes > 0) spilling.spill(excessBytes);
    const isWaiting = this.#waiters.size > 0 || (excessBytes > 0 && spilling.hasCandidates);
    if (isWaiting) this.#timer ??= setInterval(() => this.#look(), LOOK_MS);
    else {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }

  #serve(waiter: Waiter): void {
    const { thread, session, bytes, wish } = waiter;
    const { apps, objects, arenaBytes, spilling, sessions } = this.#parts;
    const isGone = sessions.at(session.slot, session.epoch) !== session;
    if (isGone || !wish.isOpen) {
      if (isGone) wish.fail();
      this.#waiters.delete(thread);
      return;
    }
    const app = session.app.index;
    const shortInApp = apps.roomBytes(app) < bytes;
    const isShort = shortInApp || arenaBytes - objects.allocator.usedBytes < bytes;
    if (!isShort && this.#triedAt.get(thread) !== this.#freed) {
      this.#triedAt.set(thread, this.#freed);
      this.#waiters.delete(thread);
      wish.grant(-1);
      return;
    }
    // Free memory may lie in pieces: the more is free, the longer they are.
    spilling.spill(bytes, shortInApp ? app : undefined);
    if (!spilling.isUnderWay && this.#isHopeless(shortInApp ? app : undefined) && this.#isNewest(waiter)) {
      this.#waiters.delete(thread);
      wish.fail();
    }
  }

  /** One gives way, and what it holds becomes free. */
  #isNewest(waiter: Waiter): boolean {
    return [...this.#waiters.values()].at(-1) === waiter;
  }

  /** Whether nothing is under way, of an app or of the node, that would end without room: all that could is waiting itself. */
  #isHopeless(app: number | undefined): boolean {
    const { sessions, table, ledger, executors } = this.#parts;
    let waiting = 0;
    // A thread that waits holds up what awaits on it, too.
    for (const { thread } of this.#waiters.values()) {
      for (const id of ledger.heldBy(thread)) if (app === undefined || table.app(ledger.read(id, this.#entry).slot) === app) waiting++;
    }
    let underWay = 0;
    for (const session of sessions.all()) {
      if (app !== undefined && session.app.index !== app) continue;
      const count = table.counter(session.slot, 0);
      if (count === 0 || session.over || session.holds > 0) return false;
      underWay += count;
    }
    return underWay <= waiting || this.#waiters.size >= executors();
  }
}
