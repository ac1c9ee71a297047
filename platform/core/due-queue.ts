/** Something that wants to be looked at when its time comes. */
export interface Due {
  /** Its place in the queue, -1 outside; the queue's own. */
  queueIndex: number;
}

/** A binary heap of times that knows where each item is: every change takes O(log n), the earliest is at hand. */
export class DueQueue<T extends Due> {
  readonly #items: T[] = [];
  readonly #times: number[] = [];

  /** The item whose time is the earliest. */
  get first(): T | undefined {
    return this.#items[0];
  }

  /** The earliest time. */
  get firstMs(): number | undefined {
    return this.#times[0];
  }

  get size(): number {
    return this.#items.length;
  }

  /** Puts an item in, or changes its time; `Infinity` takes it out. */
  set(item: T, dueMs: number): void {
    if (dueMs === Number.POSITIVE_INFINITY) {
      this.#remove(item);
      return;
    }
    const index = item.queueIndex < 0 ? this.#items.length : item.queueIndex;
    this.#settle(index, item, dueMs);
  }

  #remove(item: T): void {
    const index = item.queueIndex;
    if (index < 0) return;
    item.queueIndex = -1;
    const last = this.#items.pop()!;
    const lastMs = this.#times.pop()!;
    if (last !== item) this.#settle(index, last, lastMs);
  }

  /** Finds the place for an item, given that the one at `index` is free. */
  #settle(index: number, item: T, dueMs: number): void {
    const up = this.#rise(index, dueMs);
    const place = up < index ? up : this.#sink(index, dueMs);
    this.#place(place, item, dueMs);
  }

  #rise(from: number, dueMs: number): number {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.#times[parent]! <= dueMs) break;
      this.#place(index, this.#items[parent]!, this.#times[parent]!);
      index = parent;
    }
    return index;
  }

  #sink(from: number, dueMs: number): number {
    let index = from;
    for (let child = 2 * index + 1; child < this.#times.length; child = 2 * index + 1) {
      if (child + 1 < this.#times.length && this.#times[child + 1]! < this.#times[child]!) child += 1;
      if (this.#times[child]! >= dueMs) break;
      this.#place(index, this.#items[child]!, this.#times[child]!);
      index = child;
    }
    return index;
  }

  #place(index: number, item: T, dueMs: number): void {
    this.#items[index] = item;
    this.#times[index] = dueMs;
    item.queueIndex = index;
  }
}
