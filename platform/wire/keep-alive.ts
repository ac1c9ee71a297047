/** Notices that the other end of a connection stands still or is cut off, although TCP says nothing. */

export interface KeepAliveOptions {
  /** How long the other end may say nothing before it is asked. */
  readonly intervalMs: number;
  /** After so long without a word from it, rounded up to whole intervals, it is taken for lost. At least three intervals. */
  readonly timeoutMs: number;
  /** Whether anything is awaited from the other end. Where nothing is, nothing is sent and no timer runs. */
  readonly isBusy: () => boolean;
}

/** An interval without a word, then one for the answer to the question. */
const TOLERATED_AT_LEAST = 2;

/**
 * Counts intervals in which nothing was heard, from the first message on that is sent. It counts turns of this
 * process's own event loop and not time: a process that stood still itself has not listened meanwhile.
 */
export class KeepAlive {
  readonly #options: KeepAliveOptions;
  readonly #ping: () => void;
  readonly #lost: () => void;
  readonly #tolerated: number;
  #silentIntervals = 0;
  #hasHeard = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: KeepAliveOptions, ping: () => void, lost: () => void) {
    this.#options = options;
    this.#ping = ping;
    this.#lost = lost;
    this.#tolerated = Math.max(TOLERATED_AT_LEAST, Math.ceil(options.timeoutMs / options.intervalMs) - 1);
  }

  /** Something has come from the other end. */
  heard(): void {
    this.#hasHeard = true;
  }

  /** Something has been sent that may be answered. */
  sent(): void {
    if (this.#timer !== undefined) return;
    this.#hasHeard = true;
    this.#wait();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #wait(): void {
    this.#timer = setTimeout(() => this.#tick(), this.#options.intervalMs);
  }

  #tick(): void {
    if (!this.#options.isBusy()) {
      this.#timer = undefined;
      return;
    }
    this.#wait();
    this.#silentIntervals = this.#hasHeard ? 0 : this.#silentIntervals + 1;
    this.#hasHeard = false;
    if (this.#silentIntervals === 0) return;
    this.#ping();
    // What has come meanwhile is read before that.
    if (this.#silentIntervals >= this.#tolerated) setImmediate(() => this.#hasHeard || this.#lost());
  }
}
