/**
 * Who holds which granule of the arena. Claimed by compare-and-swap by any thread, freed by the scheduler: no
 * locks, so a thread that is terminated leaves nothing behind but granules that its session's end gives back.
 */
import { PheromoneError } from '../core/errors.ts';
import { AppTable } from './apps.ts';
import { GRANULE_BYTES, GRANULE_HEADER_WORDS, GRANULE_WORDS, type StoreMemory } from './memory.ts';

// Header words. Hints may be stale: they only say where to look first.
const USED = 0;
const SMALL_HINT = 1;
const LARGE_HINT = 2;
// Words of a granule.
const HOLDER = 0;
const NEXT = 1;
const COUNT = 2;
const LAST_APP = 3;
/** The first granule of its run. */
const FIRST = 4;
/** Of a run's first granule: how many objects have their payload in it. */
const OBJECTS = 5;

/** More objects than any run can hold: what stands there of a run that is for many small things. */
const MANY = 2 ** 24;

/** Runs this long and longer are looked for from the middle on, so that small sessions keep to warm memory at the start. */
const LARGE_RUN = 8;

export class Granules {
  readonly count: number;
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #apps: AppTable;
  readonly #largeBase: number;

  constructor(memory: StoreMemory) {
    this.#apps = new AppTable(memory);
    this.#words = new Int32Array(memory.granules);
    this.#bytes = new Uint8Array(memory.arena);
    this.count = memory.arena.byteLength / GRANULE_BYTES;
    this.#largeBase = this.count >> 2;
  }

  /** Bytes of the arena that are handed out. */
  get usedBytes(): number {
    return Atomics.load(this.#words, USED) * GRANULE_BYTES;
  }

  /**
   * Claims a run of `count` granules and returns its first. Bytes of another app are wiped. `forOne`: it is for one
   * payload, not for many small things. Throws `OUT_OF_MEMORY` where no run is free, or the app would hold more than it may.
   */
  claim(count: number, app: number, forOne = false): number {
    this.#apps.charge(app, count);
    const large = count >= LARGE_RUN;
    const base = large ? this.#largeBase : 0;
    const hintWord = large ? LARGE_HINT : SMALL_HINT;
    const hint = Math.max(base, Atomics.load(this.#words, hintWord));
    let first = this.#search(hint, this.count, count);
    if (first < 0) first = this.#search(0, this.count, count);
    if (first < 0) {
      this.#apps.refund(app, count);
      throw new PheromoneError(
        'OUT_OF_MEMORY',
        `object memory: expected ${count * GRANULE_BYTES} free bytes in a row, ${this.usedBytes} of ${this.#bytes.length} are in use`,
      );
    }
    Atomics.store(this.#words, hintWord, first + count);
    Atomics.add(this.#words, USED, count);
    this.#takeOver(first, count, app + 1);
    const words = this.#at(first);
    this.#words[words + COUNT] = count;
    this.#words[words + NEXT] = -1;
    this.#words[words + OBJECTS] = forOne ? 0 : MANY;
    return first;
  }

  /** Gives back a run that `claim` returned. */
  free(first: number): void {
    const count = this.#words[this.#at(first) + COUNT] as number;
    this.#apps.refund((this.#words[this.#at(first) + LAST_APP] as number) - 1, count);
    for (let i = first; i < first + count; i++) Atomics.store(this.#words, this.#at(i) + HOLDER, 0);
    Atomics.sub(this.#words, USED, count);
    const large = count >= LARGE_RUN;
    const hintWord = large ? LARGE_HINT : SMALL_HINT;
    if (first < Atomics.load(this.#words, hintWord) && (!large || first >= this.#largeBase)) Atomics.store(this.#words, hintWord, first);
  }

  /** The run that `link` put behind this one, or -1. */
  next(first: number): number {
    return this.#words[this.#at(first) + NEXT] as number;
  }

  /** How many granules a run has. */
  length(first: number): number {
    return this.#words[this.#at(first) + COUNT] as number;
  }

  link(first: number, next: number): void {
    this.#words[this.#at(first) + NEXT] = next;
  }

  /** First granule of the run in which a byte of the arena lies. */
  runOf(offset: number): number {
    return this.#words[this.#at(Math.floor(offset / GRANULE_BYTES)) + FIRST] as number;
  }

  /** One more object has its payload in the run. */
  addObject(first: number): void {
    Atomics.add(this.#words, this.#at(first) + OBJECTS, 1);
  }

  /** Whether the run is for one payload, and one object alone has it. */
  isOfOneObject(first: number): boolean {
    return Atomics.load(this.#words, this.#at(first) + OBJECTS) === 1;
  }

  #at(granule: number): number {
    return GRANULE_HEADER_WORDS + granule * GRANULE_WORDS;
  }

  #search(from: number, to: number, count: number): number {
    let run = 0;
    for (let i = from; i < to; i++) {
      run = Atomics.load(this.#words, this.#at(i) + HOLDER) === 0 ? run + 1 : 0;
      if (run < count) continue;
      const first = i - count + 1;
      const lost = this.#take(first, count);
      if (lost < 0) return first;
      run = 0;
      i = lost;
    }
    return -1;
  }

  /** Takes every granule of the run, or none: then the one that another thread took first is returned. */
  #take(first: number, count: number): number {
    for (let i = first; i < first + count; i++) {
      if (Atomics.compareExchange(this.#words, this.#at(i) + HOLDER, 0, 1) === 0) continue;
      for (let j = first; j < i; j++) Atomics.store(this.#words, this.#at(j) + HOLDER, 0);
      return i;
    }
    return -1;
  }

  /** Makes granules one run, and wipes what another app has left in them. */
  #takeOver(first: number, count: number, owner: number): void {
    for (let i = first; i < first + count; i++) {
      this.#words[this.#at(i) + FIRST] = first;
      const word = this.#at(i) + LAST_APP;
      const last = this.#words[word];
      if (last !== 0 && last !== owner) this.#bytes.fill(0, i * GRANULE_BYTES, (i + 1) * GRANULE_BYTES);
      this.#words[word] = owner;
    }
  }
}
