/** Decisions, drawn one by one; when they are used up every choice is the first, and `over` holds. */
export class Tape {
  readonly #numbers: readonly number[];
  #position = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  get over(): boolean {
    return this.#position >= this.#numbers.length;
  }

  below(limit: number): number {
    this.#position += 1;
    return (this.#numbers[this.#position - 1] ?? 0) % limit;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}
