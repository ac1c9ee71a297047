import { hostNowNs } from '../executor/clock.ts';

const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** One timer for whatever is due next. It may call early, never late by its own doing; what comes later than the timer leaves it alone. */
export class DueTimer {
  readonly #onTime: () => void;
  #timer: NodeJS.Timeout | undefined;
  #setForMs = Number.POSITIVE_INFINITY;

  constructor(onTime: () => void) {
    this.#onTime = onTime;
  }

  /** `dueMs` on the host's clock; `undefined`: nothing is due. */
  set(dueMs: number | undefined): void {
    if (dueMs === undefined || dueMs >= this.#setForMs) return;
    clearTimeout(this.#timer);
    this.#setForMs = dueMs;
    const waitMs = Math.min(Math.max(0, Math.ceil(dueMs - hostNowNs() / 1e6)), MAX_TIMEOUT_MS);
    this.#timer = setTimeout(() => {
      this.#setForMs = Number.POSITIVE_INFINITY;
      this.#onTime();
    }, waitMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
