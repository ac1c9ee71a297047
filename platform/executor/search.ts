/** Where an executor finds its next invocation. */
import { SCHEDULER, THREADS } from '../store/memory.ts';
import { hostNowNs } from './clock.ts';
import { type EntryId, type Ledger, NONE } from './ledger.ts';
import { BETWEEN, BODY, SEARCHING, type Threads } from './threads.ts';

/** After so many invocations of its own in a row an executor looks at what others have waiting. */
const OWN_BUDGET = 64;
/** A lone entry of a thread that runs is left to that thread for so long: it is about to run it on inline. */
const STEAL_AFTER_NS = 3_000;
/** An executor leaves an entry that must not run inline to others for so long. */
export const OWN_AFTER_NS = 100_000;
/** So long it looks on whether they take it: as long as waking one takes, no longer, since it may need this core to wake up on. */
const LEFT_TO_OTHERS_NS = 30_000;

/** Whether an invocation of function `fn` in the session of `slot` fits into what the executor has under way. */
export type Room = (slot: number, fn: number) => boolean;

export class WorkFinder {
  readonly #self: number;
  readonly #ledger: Ledger;
  readonly #threads: Threads;
  readonly #isOutOfLine: (slot: number) => boolean;
  /** Heads of parts whose lone entry was left alone, and since when. */
  readonly #seenHead = new Int32Array(THREADS).fill(-1);
  readonly #seenNs = new Float64Array(THREADS);
  #ownRun = 0;
  /** Where the search begins, so that every part has its turn. */
  #nextPart: number;

  /** `isOutOfLine` says whether the session in a slot belongs to an app that forbids running on inline. */
  constructor(self: number, ledger: Ledger, threads: Threads, isOutOfLine: (slot: number) => boolean) {
    this.#self = self;
    // Where the last one left off, so that threads that each live for one invocation take turns, too.
    this.#nextPart = threads.nextPart;
    this.#ledger = ledger;
    this.#threads = threads;
    this.#isOutOfLine = isOutOfLine;
  }

  /** Claims what this thread published itself, or else what nobody else is about to run; NONE if there is no such thing. */
  next(room: Room | undefined): EntryId {
    // What was looked at is what is claimed: behind it may be what does not fit.
    const head = this.#ledger.head(this.#self);
    const mayRunOn = this.#mayRunOn(room);
    if (mayRunOn && this.#ownRun < OWN_BUDGET) {
      this.#ownRun++;
      return this.#ledger.claim(this.#self, head);
    }
    this.#ownRun = 0;
    const id = this.#claimElsewhere(room);
    return id === NONE && mayRunOn ? this.#ledger.claim(this.#self, head) : id;
  }

  /** Has the next claim look at what others have waiting, before what this thread published itself. */
  yieldOwn(): void {
    this.#ownRun = OWN_BUDGET;
  }

  /** Claims a lone entry that its thread does not come to, for one that has no time to look on; NONE the first time that it sees it. */
  nextAged(room: Room | undefined): EntryId {
    return this.#claimAged(hostNowNs(), room);
  }

  /**
   * Looks on for `spinNs`, and steals lone entries that their threads do not come to. With an entry of its own that
   * is left to others it looks on until one of them has woken up and taken it: what follows from it may come back.
   */
  search(spinNs: number): EntryId {
    const startNs = hostNowNs();
    let untilNs = startNs + spinNs;
    for (;;) {
      const id = this.#claimElsewhere(undefined);
      if (id !== NONE) return id;
      const nowNs = hostNowNs();
      const aged = this.#claimAged(nowNs, undefined);
      if (aged !== NONE) return aged;
      if (nowNs - startNs < LEFT_TO_OTHERS_NS && this.#ledger.waiting(this.#self) > 0) untilNs = nowNs + spinNs;
      if (nowNs > untilNs || this.#threads.isAlerted(this.#self)) return NONE;
    }
  }

  /** Whether somebody should run something: what this thread published, or what nobody else is about to run. */
  isWorkWaiting(): boolean {
    return this.#ledger.waiting(this.#self) > 0 || this.isAdmissible(undefined);
  }

  /** Whether an entry that fits could be claimed at once. */
  isAdmissible(room: Room | undefined): boolean {
    if (this.#mayRunOn(room)) return true;
    for (let part = SCHEDULER; part <= this.#threads.highest; part++) {
      if (part !== this.#self && this.#isRipe(part) && this.#fits(part, room)) return true;
    }
    return false;
  }

  #claimElsewhere(room: Room | undefined): EntryId {
    const parts = this.#threads.highest + 1;
    for (let i = 0; i < parts; i++) {
      const part = (this.#nextPart + i) % parts;
      if (part === this.#self) continue;
      const head = this.#ledger.head(part);
      if (!this.#isRipe(part) || !this.#fits(part, room)) continue;
      const id = this.#ledger.claim(part, room === undefined ? undefined : head);
      if (id === NONE) continue;
      this.#nextPart = part + 1;
      this.#threads.setNextPart(part + 1);
      return id;
    }
    return NONE;
  }

  #claimAged(nowNs: number, room: Room | undefined): EntryId {
    const highest = this.#threads.highest;
    for (let part = SCHEDULER; part <= highest; part++) {
      if (this.#ledger.waiting(part) <= 0) continue;
      const head = this.#ledger.head(part);
      if (this.#seenHead[part] !== head) {
        this.#seenHead[part] = head;
        this.#seenNs[part] = nowNs;
      } else if (this.#fits(part, room) && nowNs - (this.#seenNs[part] as number) > (part === this.#self ? OWN_AFTER_NS : STEAL_AFTER_NS)) {
        const id = this.#ledger.claim(part, head);
        if (id !== NONE) return id;
      }
    }
    return NONE;
  }

  #mayRunOn(room: Room | undefined): boolean {
    return this.#ledger.peek(this.#self, (slot, fn) => (room === undefined || room(slot, fn)) && !this.#isOutOfLine(slot));
  }

  /** Whether a part has entries that its own thread is not about to run. */
  #isRipe(part: number): boolean {
    const waiting = this.#ledger.waiting(part);
    if (waiting <= 0) return false;
    if (waiting > 1 || part === SCHEDULER) return true;
    const kind = this.#threads.kind(part);
    const isRunning = kind === BODY || kind === BETWEEN || kind === SEARCHING;
    return !isRunning || this.#ledger.peek(part, (slot) => this.#isOutOfLine(slot));
  }

  #fits(part: number, room: Room | undefined): boolean {
    return room === undefined || this.#ledger.peek(part, room);
  }
}
