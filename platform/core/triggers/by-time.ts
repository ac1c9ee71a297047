import { type Firing, NO_FIRINGS, type ObjectMeta, type Trigger } from '../trigger.ts';

/**
 * ByTime: when a window is over the target starts with the objects that came within it, in order of arrival; not
 * for a window without objects.
 *
 * Windows are tumbling: the first begins with the state, each next one where the last ends, and an object that
 * comes just then belongs to the later. Where the clock's call is late, the next object closes its window.
 */
export class ByTime implements Trigger {
  readonly #windowMs: number;
  readonly #beganMs: number;
  #objects: ObjectMeta[] = [];
  /** Where the window ends that the objects came in. */
  #endMs = 0;

  constructor(windowMs: number, beganMs: number) {
    this.#windowMs = windowMs;
    this.#beganMs = beganMs;
  }

  onObject(object: ObjectMeta, nowMs: number): readonly Firing[] {
    const firings = this.onTime(nowMs);
    if (this.#objects.length === 0) this.#endMs = this.#endOfWindow(nowMs);
    this.#objects.push(object);
    return firings;
  }

  onTime(nowMs: number): readonly Firing[] {
    if (this.#objects.length === 0 || nowMs < this.#endMs) return NO_FIRINGS;
    const objects = this.#objects;
    this.#objects = [];
    return [{ objects }];
  }

  dueMs(): number | undefined {
    return this.#objects.length === 0 ? undefined : this.#endMs;
  }

  /** The first end of a window after `nowMs`. */
  #endOfWindow(nowMs: number): number {
    const endOf = (window: number) => this.#beganMs + (window + 1) * this.#windowMs;
    const window = Math.floor((nowMs - this.#beganMs) / this.#windowMs);
    // The division may round across an end.
    if (endOf(window) <= nowMs) return endOf(window + 1);
    return endOf(window - 1) > nowMs ? endOf(window - 1) : endOf(window);
  }
}
