/** Tells a thread of its own which invocation the process is at, so that one that never gives the main thread back is noticed. */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { hostNowNs } from '../../workloads/api/run-body.ts';
import { beside } from '../../workloads/api/workflow.ts';

/** Cells of the shared memory. The main thread writes all but PARKED, which both write. */
export const CELL = {
  /** When the invocation that is due first must be over, in ms since the watchdog began; 0: none is under way. */
  DUE_MS: 0,
  /** Counts changes of DUE_MS. */
  CHANGES: 1,
  /** 1 while the watching thread sleeps until it is woken. */
  PARKED: 2,
  /** Length of the text that names the invocation; the text follows. */
  TEXT_BYTES: 3,
} as const;
export const TEXT_AT = 16;
const TEXT_LIMIT = 1_024;

/** The pipe to the driver: a line with the port, and where it comes to that, one with a {@link BlockedReport}. */
export const DRIVER_FD = 3;

/** What the watching thread tells the driver before it ends the process. */
export interface BlockedReport {
  readonly session: string;
  readonly fn: string;
  readonly timeoutMs: number;
}

interface Watched {
  readonly dueMs: number;
  readonly text: string;
}

export class Watchdog {
  readonly #memory = new SharedArrayBuffer(TEXT_AT + TEXT_LIMIT);
  readonly #cells = new Int32Array(this.#memory);
  readonly #text = Buffer.from(this.#memory, TEXT_AT);
  readonly #startedMs = hostNowNs() / 1e6;
  readonly #watched = new Set<Watched>();
  #shown: Watched | undefined;

  constructor() {
    const workerData = { memory: this.#memory, startedMs: this.#startedMs };
    new Worker(fileURLToPath(beside(import.meta.url, 'watchdog-entry')), { workerData }).unref();
  }

  /** An invocation begins; the function that is returned is to be called when it is over. */
  watch(report: BlockedReport): () => void {
    const watched = { dueMs: Math.ceil(hostNowNs() / 1e6 - this.#startedMs + report.timeoutMs), text: JSON.stringify(report) };
    this.#watched.add(watched);
    if (this.#shown === undefined || watched.dueMs < this.#shown.dueMs) this.#show(watched);
    return () => {
      this.#watched.delete(watched);
      if (this.#shown !== watched) return;
      const [next] = [...this.#watched].sort((a, b) => a.dueMs - b.dueMs);
      this.#show(next);
    };
  }

  #show(watched: Watched | undefined): void {
    this.#shown = watched;
    // Sequentially consistent stores: the text is in place before the time that makes it matter.
    Atomics.store(this.#cells, CELL.TEXT_BYTES, watched === undefined ? 0 : this.#text.write(watched.text));
    Atomics.store(this.#cells, CELL.DUE_MS, watched?.dueMs ?? 0);
    Atomics.add(this.#cells, CELL.CHANGES, 1);
    if (watched !== undefined && Atomics.exchange(this.#cells, CELL.PARKED, 0) === 1) Atomics.notify(this.#cells, CELL.PARKED);
  }
}
