/** Starts functions on behalf of the scheduler: counts them as under way and publishes them, or keeps them until there is room. */
import { hostNowNs } from '../executor/clock.ts';
import type { Invocation, Ledger } from '../executor/ledger.ts';
import { ending, QUIET, type Report, SOURCES_DONE } from '../executor/reports.ts';
import type { Threads } from '../executor/threads.ts';
import type { ObjectStore } from '../store/objects.ts';
import type { SessionTable } from '../store/sessions.ts';
import { Lanes } from './lanes.ts';
import type { SessionState } from './sessions.ts';
import type { Spread } from './spread.ts';
import type { Started } from './started-runs.ts';

export class Publisher {
  readonly #table: SessionTable;
  readonly #objects: ObjectStore;
  readonly #threads: Threads;
  readonly #published: () => void;
  readonly #defer: (report: Report) => void;
  #spread: Spread | undefined;
  readonly #lanes: Lanes;
  #heldTimer: NodeJS.Timeout | undefined;
  #reruns = 0;

  /** `published` is called after every publication: bodies will come. `defer` has an end settled like one that an executor reported. */
  constructor(
    table: SessionTable,
    objects: ObjectStore,
    ledger: Ledger,
    threads: Threads,
    published: () => void,
    defer: (report: Report) => void,
  ) {
    this.#defer = defer;
    this.#table = table;
    this.#objects = objects;
    this.#lanes = new Lanes(ledger, (slot) => table.app(slot));
    this.#threads = threads;
    this.#published = published;
  }

  /** How many invocations it has published that had begun before. */
  get reruns(): number {
    return this.#reruns;
  }

  /** From now on the node is part of a cluster. */
  join(spread: Spread): void {
    this.#spread = spread;
  }

  /** Starts a function with objects of the session. Throws `OUT_OF_MEMORY` where the list of them does not fit; nothing is started then. */
  start(session: SessionState, fn: number, refs: readonly number[]): void {
    const { slot, epoch } = session;
    const inputs = refs.length === 1 ? (refs[0] as number) : this.#objects.addList(slot, epoch, refs);
    this.begin(session, { fn, inputs, inputCount: refs.length });
  }

  /** Starts a function with inputs that are in memory already; again, where it has had them before. */
  begin(session: SessionState, { fn, inputs, inputCount }: Started, attempt = 1): void {
    const { slot, epoch, app } = session;
    session.starts++;
    this.#table.count(slot, 0, 1);
    for (const set of app.plan.functions[fn]?.watchSets ?? []) if (set !== 0) this.#table.count(slot, set, 1);
    this.place(session, { slot, epoch, fn, inputs, inputCount, attempt, dueMs: 0 });
  }

  /** Has what is counted as under way started here, or on another node of the cluster. */
  place(session: SessionState, invocation: Invocation): void {
    if (this.#spread?.takes(session, invocation) !== true) this.publish(invocation);
  }

  /** Takes an invocation back that was counted as under way: it has ended, or will not begin. */
  unbegin({ slot, epoch, app }: SessionState, fn: number): void {
    for (const set of app.plan.functions[fn]?.watchSets ?? []) {
      if (set !== 0) this.uncount(slot, epoch, set, 1);
    }
    this.uncount(slot, epoch, 0, 1);
  }

  /** Takes `count` invocations of a watch set back; where they were the last, the end is settled like one that an executor reports. */
  uncount(slot: number, epoch: number, set: number, count: number): void {
    if (this.#table.count(slot, set, -count) !== 0) return;
    this.#defer(ending(set === 0 ? QUIET : SOURCES_DONE, slot, epoch, set));
  }

  /** Publishes what is counted as under way already. */
  publish(invocation: Invocation): void {
    if (invocation.attempt > 1) this.#reruns++;
    this.#lanes.add(invocation);
    this.#awaitHeld(hostNowNs() / 1e6);
    this.#threads.wakeOne();
    this.#published();
  }

  /** Publishes what has waited for room, as far as there is some now. */
  publishBacklog(): void {
    const nowMs = hostNowNs() / 1e6;
    if (this.#lanes.advance(nowMs)) {
      this.#threads.wakeOne();
      this.#published();
    }
    this.#awaitHeld(nowMs);
  }

  /** What is held back comes to its time also where nothing else happens. */
  #awaitHeld(nowMs: number): void {
    const dueMs = this.#heldTimer === undefined ? this.#lanes.dueMs(nowMs) : undefined;
    if (dueMs === undefined) return;
    this.#heldTimer = setTimeout(
      () => {
        this.#heldTimer = undefined;
        this.publishBacklog();
      },
      Math.ceil(dueMs - nowMs),
    );
    this.#heldTimer.unref();
  }

  /** An executor has died under an invocation in the session of a slot. */
  crashed(slot: number): void {
    this.#lanes.crashed(slot, hostNowNs() / 1e6);
  }

  /** An app is gone. */
  forget(app: number): void {
    this.#lanes.forget(app);
  }
}
