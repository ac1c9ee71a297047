/** What one request of a caller may take over all its attempts: its deadline, its signal, its cancel. */
import { PheromoneError } from '../core/errors.ts';
import { startTimer } from './pending.ts';
import type { FeedOptions } from './run.ts';

export class Effort {
  readonly #what: string;
  readonly #deadlineMs: number | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #startedMs: number;
  #isCancelled = false;
  /** Gives up the attempt that is under way, or the wait before the next one. */
  #giveUp: (() => void) | undefined;

  constructor(what: string, { deadlineMs, signal }: FeedOptions) {
    this.#what = what;
    this.#deadlineMs = deadlineMs;
    this.#signal = signal;
    this.#startedMs = deadlineMs === undefined ? 0 : performance.now();
  }

  /** What is left of the deadline, `undefined` without one. Throws `DEADLINE_EXCEEDED` when nothing is. */
  leftMs(): number | undefined {
    if (this.#deadlineMs === undefined) return undefined;
    const passedMs = performance.now() - this.#startedMs;
    // What is no deadline is refused by whoever gets it.
    if (this.#deadlineMs > 0 && passedMs >= this.#deadlineMs) throw this.#late();
    return this.#deadlineMs - passedMs;
  }

  /** The attempt that is under way, as far as {@link cancel} must know it. */
  attempt(giveUp: () => void): void {
    this.#giveUp = giveUp;
  }

  readonly cancel = (): void => {
    this.#isCancelled = true;
    this.#giveUp?.();
  };

  /** Waits for something between attempts. Rejects if the request is cancelled or its time is over. */
  async wait<T>(promise: Promise<T>): Promise<T> {
    const { promise: over, reject } = Promise.withResolvers<never>();
    const cancelled = (): void => reject(new PheromoneError('CANCELLED', `${this.#what}: cancelled by the caller`));
    if (this.#isCancelled || this.#signal?.aborted) cancelled();
    this.#giveUp = cancelled;
    this.#signal?.addEventListener('abort', cancelled);
    const leftMs = this.leftMs();
    const timer = leftMs === undefined ? undefined : startTimer(leftMs, () => reject(this.#late()));
    try {
      return await Promise.race([promise, over]);
    } finally {
      clearTimeout(timer);
      this.#signal?.removeEventListener('abort', cancelled);
    }
  }

  #late(): PheromoneError {
    return new PheromoneError('DEADLINE_EXCEEDED', `${this.#what}: expected an answer within ${this.#deadlineMs} ms, got none`);
  }
}
