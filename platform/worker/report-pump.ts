/** Brings the executors' reports to the scheduler, in an order in which an end comes after everything before it. */
import { QUIET, type Report, ReportReader, SOURCES_DONE } from '../executor/reports.ts';
import type { Threads } from '../executor/threads.ts';
import { SCHEDULER } from '../store/memory.ts';
import type { SessionTable } from '../store/sessions.ts';
import type { SessionState } from './sessions.ts';

/** Passes over the rings before sockets and timers get their turn. */
const PASSES = 64;

export interface PumpEvents {
  report(report: Report, thread: number): void;
  sourcesDone(session: SessionState, set: number): void;
  quiet(session: SessionState): void;
  session(slot: number, epoch: number): SessionState | undefined;
  /** A report could not be handled. */
  fault(report: Report, error: unknown): void;
  /** All reports of a pass have been handled. */
  drained(): void;
}

/** An end that was reported, and how often the scheduler had started something in the session by then. */
interface Ending {
  readonly report: Report;
  readonly starts: number;
}

export class ReportPump {
  readonly #reader: ReportReader;
  readonly #threads: Threads;
  readonly #table: SessionTable;
  readonly #events: PumpEvents;
  readonly #report: Report = { type: 0, slot: 0, epoch: 0, ref: 0, fn: 0, count: 0, entry: 0, attempt: 0 };
  #endings: Ending[] = [];
  #draining = false;

  constructor(reports: SharedArrayBuffer, threads: Threads, table: SessionTable, events: PumpEvents) {
    this.#reader = new ReportReader(reports);
    this.#threads = threads;
    this.#table = table;
    this.#events = events;
  }

  /** Drains whenever an executor wakes the scheduler, for as long as the node lives; calls `woken` after each time. */
  listen(woken: () => void): void {
    const sleep = (): void => {
      const woke = this.#threads.schedulerSleeps();
      // An executor that asked for something before it saw the scheduler asleep has not woken it.
      woken();
      if (!this.#isEmpty()) {
        this.#threads.schedulerIsAwake();
        // A waiter of before wakes when the word is next notified: nothing is lost by going on without it.
        Atomics.notify(this.#threads.words, this.#threads.stateAt(SCHEDULER));
      }
      if (woke === undefined) setImmediate(wake);
      else void woke.then(wake);
    };
    const wake = (): void => {
      this.drain();
      woken();
      if (this.#isEmpty() && this.#endings.length === 0) sleep();
      else setImmediate(wake);
    };
    sleep();
  }

  /** Handles what there is, for a bounded number of passes. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    try {
      for (let pass = 0; pass < PASSES && this.#drainOnce(); pass++);
    } finally {
      this.#draining = false;
    }
  }

  /** One pass; returns whether there may be more to do. */
  #drainOnce(): boolean {
    const before = this.#endings;
    this.#endings = [];
    const moved = this.#drainRings();
    // What was reported in an earlier pass has had every ring drained after it.
    for (const ending of before) this.#guard(ending.report, () => this.#settle(ending));
    this.#events.drained();
    return moved || before.length > 0 || this.#endings.length > 0;
  }

  /** A fault in handling one report is one of its session, not of those whose reports come after it. */
  #guard(report: Report, action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#events.fault(report, error);
    }
  }

  /** Has an end that the scheduler came upon settled like one that an executor reported. */
  settleLater(report: Report): void {
    this.#defer(report);
    setImmediate(() => this.drain());
  }

  /** Where something is under way again by now, this is no end: whoever ends that reports one. */
  #defer(report: Report): void {
    const session = this.#events.session(report.slot, report.epoch);
    if (session !== undefined && this.#isOver(report)) this.#endings.push({ report: { ...report }, starts: session.starts });
  }

  #drainRings(): boolean {
    let moved = false;
    for (let thread = SCHEDULER + 1; thread <= this.#threads.highest; thread++) {
      while (this.#reader.take(thread, this.#report)) {
        moved = true;
        const { type } = this.#report;
        if (type === QUIET || type === SOURCES_DONE) this.#defer(this.#report);
        else this.#guard(this.#report, () => this.#events.report(this.#report, thread));
      }
    }
    return moved;
  }

  /**
   * Nothing but the scheduler can start something where nothing is under way. If it has, and that is over again,
   * what it reported may still be on its way: the end waits for one more pass.
   */
  #settle({ report, starts }: Ending): void {
    const session = this.#events.session(report.slot, report.epoch);
    if (session === undefined || session.over || !this.#isOver(report)) return;
    if (session.starts !== starts) this.#defer(report);
    else if (report.type === QUIET) this.#events.quiet(session);
    else this.#events.sourcesDone(session, report.ref);
  }

  /** Whether nothing is under way of what the report says is over. */
  #isOver({ type, slot, ref }: Report): boolean {
    return this.#table.counter(slot, type === QUIET ? 0 : ref) === 0;
  }

  #isEmpty(): boolean {
    for (let thread = SCHEDULER + 1; thread <= this.#threads.highest; thread++) if (!this.#reader.isEmpty(thread)) return false;
    return true;
  }
}
