const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** One timer for whatever is due next. It may call early, never late by its own doing; what comes later than the timer leaves it alone. */
export class DueTimer {
  readonly #onTime: () => void;
  readonly #nowMs: () => number;
  #timer: NodeJS.Timeout | undefined;
  #setForMs = Number.POSITIVE_INFINITY;

  /** `nowMs` reads the clock on which times are named. */
  constructor(onTime: () => void, nowMs: () => number) {
    this.#onTime = onTime;
    this.#nowMs = nowMs;
  }

  /** `undefined`: nothing is due. */
  set(dueMs: number | undefined): void {
    if (dueMs === undefined || dueMs >= this.#setForMs) return;
    clearTimeout(this.#timer);
    this.#setForMs = dueMs;
    const waitMs = Math.min(Math.max(0, Math.ceil(dueMs - this.#nowMs())), MAX_TIMEOUT_MS);
    this.#timer = setTimeout(() => {
      this.#setForMs = Number.POSITIVE_INFINITY;
      this.#onTime();
    }, waitMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
