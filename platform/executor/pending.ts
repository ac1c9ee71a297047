/** Invocations of an executor whose bodies await: how many more fit beside them, their timeouts, and those given up. */
import { PheromoneError } from '../core/errors.ts';
import { hostNowNs } from './clock.ts';
import type { Invocation } from './invocation.ts';

/** How long after its timeout an abandoned body may go on before its thread is to be replaced, which ends it. */
const GRACE_MS = 1_000;

export interface PendingRecord {
  readonly invocation: Invocation;
  readonly dueNs: number;
  /** Timed out or aborted: it no longer counts, but what it may still write to must not be freed until it settles. */
  abandoned: boolean;
  retireTimer?: NodeJS.Timeout;
}

export interface PendingEvents {
  timedOut(record: PendingRecord): void;
  /** An abandoned body neither ends nor lets go; only the end of its thread can end it. */
  exhausted(): void;
}

/** Records of one timeout, in the order in which they are due. */
interface TimeoutGroup {
  readonly records: Set<PendingRecord>;
  timer?: NodeJS.Timeout | undefined;
}

export class Pending {
  readonly #events: PendingEvents;
  readonly #groups = new Map<number, TimeoutGroup>();
  /** How many records allow how many neighbours. */
  readonly #concurrencies = new Map<number, number>();
  readonly #abandoned = new Set<PendingRecord>();
  #size = 0;
  readonly #loads = new Set<{ readonly dueNs: number }>();

  constructor(events: PendingEvents) {
    this.#events = events;
  }

  /** Invocations under way that count. */
  get size(): number {
    return this.#size;
  }

  /** Whether anything still needs the thread's event loop. */
  get isBusy(): boolean {
    return this.counts || this.#abandoned.size > 0;
  }

  /** Whether anything is under way whose result is wanted. */
  get counts(): boolean {
    return this.#size + this.#loads.size > 0;
  }

  /** Whether an invocation of a function with this concurrency fits beside those under way. */
  hasRoomFor(concurrency: number): boolean {
    let least = concurrency;
    for (const allowed of this.#concurrencies.keys()) if (allowed < least) least = allowed;
    return this.#size < least;
  }

  add(invocation: Invocation): PendingRecord {
    const { timeoutMs, concurrency } = invocation.plan;
    const record: PendingRecord = { invocation, dueNs: invocation.startedNs + timeoutMs * 1e6, abandoned: false };
    let group = this.#groups.get(timeoutMs);
    if (group === undefined) {
      group = { records: new Set() };
      this.#groups.set(timeoutMs, group);
    }
    group.records.add(record);
    this.#take(concurrency);
    return record;
  }

  /** The body has settled. */
  remove(record: PendingRecord): void {
    clearTimeout(record.retireTimer);
    if (!this.#abandoned.delete(record)) this.#uncount(record);
  }

  /**
   * Counts a load of functions as something under way; calls `done` at its end. A thread that it blocks for longer
   * than until `dueNs` is to be replaced. `concurrency`: of the function
   * whose invocation waits for it; left out where none does.
   */
  load(loading: Promise<void>, dueNs: number, done: () => void, concurrency?: number): void {
    const load = { dueNs };
    this.#loads.add(load);
    if (concurrency !== undefined) this.#take(concurrency);
    void loading.then(() => {
      this.#loads.delete(load);
      if (concurrency !== undefined) this.#giveBack(concurrency);
      done();
    });
  }

  /** Abandons every invocation of a session. */
  abort(slot: number, epoch: number): void {
    for (const { records } of this.#groups.values()) {
      for (const record of records) {
        if (record.invocation.slot !== slot || record.invocation.epoch !== epoch) continue;
        this.#abandon(record);
        record.invocation.abort(new PheromoneError('CANCELLED', 'the session is over'));
      }
    }
  }

  /** Sets the timers that are missing; returns when the next invocation is due. Called when the thread goes to its event loop. */
  arm(): number {
    let earliestNs = Number.POSITIVE_INFINITY;
    for (const { dueNs } of this.#loads) earliestNs = Math.min(earliestNs, dueNs);
    for (const group of this.#groups.values()) {
      const [first] = group.records;
      if (first === undefined) continue;
      group.timer ??= setTimeout(() => this.#expire(group), msUntil(first.dueNs));
      earliestNs = Math.min(earliestNs, first.dueNs);
    }
    return earliestNs;
  }

  #expire(group: TimeoutGroup): void {
    group.timer = undefined;
    const nowNs = hostNowNs();
    for (const record of group.records) {
      if (record.dueNs > nowNs) break;
      this.#abandon(record);
      this.#events.timedOut(record);
    }
    this.arm();
  }

  #abandon(record: PendingRecord): void {
    this.#uncount(record);
    record.abandoned = true;
    this.#abandoned.add(record);
    record.retireTimer = setTimeout(() => this.#events.exhausted(), msUntil(record.dueNs) + GRACE_MS);
  }

  #uncount(record: PendingRecord): void {
    const { timeoutMs, concurrency } = record.invocation.plan;
    const group = this.#groups.get(timeoutMs);
    group?.records.delete(record);
    if (group?.records.size === 0) {
      clearTimeout(group.timer);
      this.#groups.delete(timeoutMs);
    }
    this.#giveBack(concurrency);
  }

  #take(concurrency: number): void {
    this.#concurrencies.set(concurrency, (this.#concurrencies.get(concurrency) ?? 0) + 1);
    this.#size++;
  }

  #giveBack(concurrency: number): void {
    const left = (this.#concurrencies.get(concurrency) ?? 0) - 1;
    if (left > 0) this.#concurrencies.set(concurrency, left);
    else this.#concurrencies.delete(concurrency);
    this.#size--;
  }
}

/** At least the shortest delay that timers know. */
function msUntil(dueNs: number): number {
  return Math.max(1, (dueNs - hostNowNs()) / 1e6);
}
