/**
 * Which invocations that the scheduler starts are published where, so that no app's wait behind those of another:
 * an app with work waiting has a lane of the ledger to itself, and executors take from all lanes in turn. Where
 * more apps have work than there are lanes, the others queue, and each lane goes to the next one when it is empty.
 */
import { hostNowNs } from '../executor/clock.ts';
import type { Invocation, Ledger } from '../executor/ledger.ts';
import { LANES } from '../store/memory.ts';

/** With more apps than lanes an app publishes so many at a time. */
const BATCH = 64;
/** A lane that was too full is filled up again when so few are left, enough for every executor until this is looked at again. */
const REFILL = 4_096;
/** Deaths of executors under an app's invocations, each soon after the one before, that are of no consequence for when its next ones start. */
const FREE_DEATHS = 10;
const HOLD_MIN_MS = 10;
const HOLD_MAX_MS = 1_000;

/** An app under whose invocations executors die. */
interface Crashes {
  deaths: number;
  /** Nothing of the app is started before. */
  untilMs: number;
}

export class Lanes {
  readonly #ledger: Ledger;
  readonly #appOf: (slot: number) => number;
  /** The app that last published in each lane. */
  readonly #owners = new Int32Array(LANES).fill(-1);
  /** Invocations that wait for a lane, or for room in theirs, by app; the app that waits longest first. */
  readonly #queues = new Map<number, Invocation[]>();
  readonly #crashes = new Map<number, Crashes>();

  /** `appOf`: the app of the session in a slot. */
  constructor(ledger: Ledger, appOf: (slot: number) => number) {
    this.#ledger = ledger;
    this.#appOf = appOf;
  }

  /** Publishes an invocation, or keeps it until `advance` can. */
  add(invocation: Invocation): void {
    const app = this.#appOf(invocation.slot);
    const queue = this.#queues.get(app);
    if (queue !== undefined) queue.push({ ...invocation });
    else if (this.#mustWait(app) || !this.#publish(this.#laneOf(app), app, invocation)) this.#queues.set(app, [{ ...invocation }]);
  }

  /** Publishes what has waited, as far as there is room now; returns whether that was anything. */
  advance(nowMs: number): boolean {
    let moved = false;
    // An app that is served comes last from then on; the list of those to be served now is made before.
    for (const app of this.#queues.size === 0 ? [] : [...this.#queues.keys()]) {
      if (nowMs < this.heldUntilMs(app)) continue;
      if (this.#serve(app)) moved = true;
    }
    return moved;
  }

  /** An executor has died under an invocation of the app. If that goes on, what the app starts is held back. */
  crashed(slot: number, nowMs: number): void {
    const app = this.#appOf(slot);
    const before = this.#crashes.get(app);
    const goesOn = before !== undefined && nowMs < before.untilMs + HOLD_MAX_MS;
    const deaths = goesOn ? before.deaths + 1 : 1;
    const holdMs = deaths <= FREE_DEATHS ? 0 : Math.min(HOLD_MAX_MS, HOLD_MIN_MS * 2 ** (deaths - FREE_DEATHS - 1));
    this.#crashes.set(app, { deaths, untilMs: nowMs + holdMs });
  }

  /** When `advance` may next find an app that is not held back any more; `undefined`: none that has work is. */
  dueMs(nowMs: number): number | undefined {
    let dueMs: number | undefined;
    for (const app of this.#queues.keys()) {
      const untilMs = this.heldUntilMs(app);
      if (untilMs > nowMs && (dueMs === undefined || untilMs < dueMs)) dueMs = untilMs;
    }
    return dueMs;
  }

  heldUntilMs(app: number): number {
    return this.#crashes.get(app)?.untilMs ?? 0;
  }

  /** The app is gone. */
  forget(app: number): void {
    this.#crashes.delete(app);
  }

  #mustWait(app: number): boolean {
    return this.#crashes.has(app) || this.#queues.size > LANES;
  }

  #serve(app: number): boolean {
    const queue = this.#queues.get(app) as Invocation[];
    const lane = this.#laneOf(app);
    const isContended = this.#queues.size > LANES;
    // A lane that others wait for goes to the one that has waited longest, once it is empty.
    if (lane < 0 || this.#ledger.waiting(lane) > (isContended ? 0 : REFILL)) return false;
    const most = isContended ? Math.min(BATCH, queue.length) : queue.length;
    let served = 0;
    while (served < most && this.#publish(lane, app, queue[served] as Invocation)) served++;
    if (served === 0) return false;
    this.#queues.delete(app);
    queue.splice(0, served);
    if (queue.length > 0) this.#queues.set(app, queue);
    return true;
  }

  /** The lane in which the app's work waits already, or else one in which none does; -1: there is none. */
  #laneOf(app: number): number {
    let empty = -1;
    for (let lane = 0; lane < LANES; lane++) {
      if (this.#ledger.waiting(lane) <= 0) empty = empty < 0 ? lane : empty;
      else if (this.#owners[lane] === app) return lane;
    }
    return empty;
  }

  #publish(lane: number, app: number, { slot, epoch, fn, inputs, inputCount, attempt }: Invocation): boolean {
    if (lane < 0 || !this.#ledger.publish(slot, epoch, fn, inputs, inputCount, attempt, hostNowNs(), lane)) return false;
    this.#owners[lane] = app;
    return true;
  }
}
