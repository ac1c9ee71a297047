/** Requests to end something can come before what they are to end, which goes over another connection. */

/** More are not remembered: most ids are those of what has ended in the meantime. */
const MAX_IDS = 1_000;

/** Ids of what is to end as soon as it comes. */
export class Overtaken {
  readonly #ids = new Set<string>();

  add(id: string): void {
    this.#ids.add(id);
    const [oldest] = this.#ids;
    if (this.#ids.size > MAX_IDS) this.#ids.delete(oldest!);
  }

  /** Whether `id`, which has come now, is to end. */
  take(id: string): boolean {
    return this.#ids.delete(id);
  }
}
