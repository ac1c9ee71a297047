/** Tells a thread of its own what the process is at, so that a function that never gives the main thread back is noticed. */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { hostNowNs } from '../../workloads/api/run-body.ts';
import { beside } from '../../workloads/api/workflow.ts';

/** Cells of the shared memory; the main thread is their only writer. The text that names the invocation follows. */
export const CELL = {
  /** When the invocation that is due first must be over, in ms since the watchdog began; 0: none is under way. */
  DUE_MS: 0,
  /** Counts changes of the other cells. */
  CHANGES: 1,
  TEXT_BYTES: 2,
} as const;
export const TEXT_AT = 12;
const TEXT_LIMIT = 1_024;

/** The pipe to the host: where the watching thread writes a {@link BlockedReport} before it ends the process. */
export const REPORT_FD = 4;

export interface BlockedReport {
  readonly run: string;
  readonly root: string;
  readonly fn: string;
  readonly timeoutMs: number;
}

interface Watched {
  readonly dueMs: number;
  readonly report: BlockedReport;
}

export class Watchdog {
  readonly #memory = new SharedArrayBuffer(TEXT_AT + TEXT_LIMIT);
  readonly #cells = new Int32Array(this.#memory, 0, TEXT_AT / Int32Array.BYTES_PER_ELEMENT);
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
    const watched = { dueMs: Math.ceil(hostNowNs() / 1e6 - this.#startedMs + report.timeoutMs), report };
    this.#watched.add(watched);
    if (this.#shown === undefined || watched.dueMs < this.#shown.dueMs) this.#show(watched);
    return () => {
      this.#watched.delete(watched);
      if (this.#shown === watched) this.#show([...this.#watched].sort((a, b) => a.dueMs - b.dueMs)[0]);
    };
  }

  #show(watched: Watched | undefined): void {
    this.#shown = watched;
    // Sequentially consistent stores: the text is in place before the time that makes it matter.
    Atomics.store(this.#cells, CELL.TEXT_BYTES, watched === undefined ? 0 : this.#text.write(JSON.stringify(watched.report)));
    Atomics.store(this.#cells, CELL.DUE_MS, watched?.dueMs ?? 0);
    Atomics.add(this.#cells, CELL.CHANGES, 1);
  }
}
