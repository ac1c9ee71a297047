/** The sessions that are alive on a node, as the scheduler knows them. */
import { PheromoneError } from '../core/errors.ts';
import type { Caller } from '../door/service.ts';
import type { SessionAllocator } from '../store/allocator.ts';
import { SESSION_SLOTS } from '../store/memory.ts';
import { FreeSlots, type SessionTable } from '../store/sessions.ts';
import type { Transfer } from '../wire/messages.ts';
import type { App } from './apps.ts';
import type { ElsewhereState, GuestRole, GuestState } from './spread-state.ts';
import type { StartedRuns } from './started-runs.ts';

export interface SessionState {
  readonly id: number;
  readonly slot: number;
  readonly epoch: number;
  readonly app: App;
  readonly caller: Caller;
  /** The runs of observed functions; `undefined` before the first. */
  started: StartedRuns | undefined;
  /** How often the scheduler has started a function in it. */
  starts: number;
  /** Readers outside of core that its memory must outlive. */
  holds: number;
  /** Core has released it; its memory is freed once nothing holds it. */
  over: boolean;
  /** Set where another node is the session's home. */
  readonly guest: GuestRole<SessionState> | undefined;
  /** The nodes that have run something of it, on its home; `undefined`: none has. */
  guests: Map<string, GuestState> | undefined;
  /** A node that is lost, and may have been the only one that had some of its objects; `undefined`: none is. */
  lost: string | undefined;
  /** Its objects whose bytes are, or were, on other nodes; `undefined`: there are none. */
  elsewhere: ElsewhereState | undefined;
  /** Its objects that are spilled: by reference, the key under which the durable store has the bytes, or these themselves; `undefined`: none was. */
  spilled: Map<number, string | Uint8Array> | undefined;
  /** What this node has got from others; `undefined`: the session is not traced. */
  readonly transfers: Transfer[] | undefined;
}

export class Sessions {
  readonly #table: SessionTable;
  readonly #allocator: SessionAllocator;
  readonly #bySlot: (SessionState | undefined)[] = [];
  readonly #free = new FreeSlots();
  /** Sessions whose memory a thread that was declared dying may still write to. */
  #count = 0;
  #opened = 0;
  readonly #heldFor = new Map<number, SessionState[]>();

  constructor(table: SessionTable, allocator: SessionAllocator) {
    this.#table = table;
    this.#allocator = allocator;
  }

  /** Throws `OVERLOADED` where the app has as many sessions as there are free slots. */
  open(app: App, caller: Caller, traced: boolean, guest?: GuestRole<SessionState>): SessionState {
    // However many an app has, it leaves as many to the others.
    const free = SESSION_SLOTS - this.#count;
    if (app.sessions >= free) {
      const expected = `expected it to have fewer sessions at once than are free, ${free}, it has ${app.sessions}`;
      throw new PheromoneError('OVERLOADED', `app "${app.plan.name}": ${expected}`);
    }
    const slot = this.#free.take();
    const epoch = this.#table.open(slot, app.index, traced);
    app.sessions++;
    const session: SessionState = {
      ...{ id: epoch * SESSION_SLOTS + slot, slot, epoch, app, caller, started: undefined, starts: 0, holds: 0, over: false },
      ...{ guest, guests: undefined, lost: undefined, elsewhere: undefined, spilled: undefined, transfers: traced ? [] : undefined },
    };
    this.#bySlot[slot] = session;
    this.#count++;
    this.#opened++;
    return session;
  }

  /** Sessions that hold memory here. */
  get count(): number {
    return this.#count;
  }

  /** How many there have been. */
  get opened(): number {
    return this.#opened;
  }

  /** Invocations of all of them that are not over. */
  underWay(): number {
    return this.#bySlot.reduce((sum, session) => sum + (session === undefined ? 0 : this.#table.counter(session.slot, 0)), 0);
  }

  /** All sessions that hold memory here. */
  *all(): Iterable<SessionState> {
    for (const session of this.#bySlot) if (session !== undefined) yield session;
  }

  /** The session, if it is still alive. */
  at(slot: number, epoch: number): SessionState | undefined {
    const session = this.#bySlot[slot];
    return session?.epoch === epoch ? session : undefined;
  }

  /** The session that has the slot now. */
  inSlot(slot: number): SessionState | undefined {
    return this.#bySlot[slot];
  }

  byId(id: number): SessionState | undefined {
    return this.at(id % SESSION_SLOTS, Math.floor(id / SESSION_SLOTS));
  }

  /** Keeps a session's memory until `heldFor` is asked for the thread. */
  holdFor(session: SessionState, thread: number): void {
    session.holds++;
    const held = this.#heldFor.get(thread);
    if (held === undefined) this.#heldFor.set(thread, [session]);
    else held.push(session);
  }

  /** What `holdFor` has kept for the thread; asked once, when the thread has ended. */
  heldFor(thread: number): readonly SessionState[] {
    const held = this.#heldFor.get(thread) ?? [];
    this.#heldFor.delete(thread);
    return held;
  }

  /** Frees all that the session has in memory. */
  release(session: SessionState): void {
    this.#allocator.release(session.slot);
    this.#table.release(session.slot);
    this.#bySlot[session.slot] = undefined;
    this.#count--;
    this.#free.give(session.slot);
    session.app.sessions--;
  }
}
