/**
 * How much object memory each app holds, in shared memory: counted by atomic addition by whichever thread claims
 * or frees granules. Bounds and names are written by the scheduler alone, before an app's first session.
 */

import { PheromoneError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { APP_SLOTS, APP_WORDS, GRANULE_BYTES, type StoreMemory } from './memory.ts';

// Words of an app.
/** Its index plus one; 0: the slot is free. */
const OWNER = 0;
const USED = 1;
/** In granules; 0: none. */
const BOUND = 2;
const NAME_LENGTH = 3;
const NAME = 4;

export class AppTable {
  readonly #words: Int32Array;
  readonly #text: Uint16Array;

  constructor({ apps }: Pick<StoreMemory, 'apps'>) {
    this.#words = new Int32Array(apps);
    this.#text = new Uint16Array(apps);
  }

  /** Makes an app known, with the memory that it may hold; `undefined`: as much as there is. Throws `OVERLOADED` where there are too many. */
  open(app: number, name: string, boundBytes: number | undefined): void {
    const at = this.#at(app);
    const owner = this.#words[at + OWNER];
    if (owner !== 0 && owner !== app + 1) throw new PheromoneError('OVERLOADED', `expected at most ${APP_SLOTS} apps on a node`);
    this.#words[at + OWNER] = app + 1;
    this.#words[at + BOUND] = boundBytes === undefined ? 0 : Math.max(1, Math.floor(boundBytes / GRANULE_BYTES));
    const length = Math.min(name.length, LIMITS.nameLength);
    this.#words[at + NAME_LENGTH] = length;
    for (let i = 0; i < length; i++) this.#text[(at + NAME) * 2 + i] = name.charCodeAt(i);
  }

  /** Forgets an app that holds no memory any more. */
  close(app: number): void {
    const at = this.#at(app);
    if (this.#words[at + OWNER] === app + 1) this.#words[at + OWNER] = 0;
  }

  /** Bytes that the app holds. */
  usedBytes(app: number): number {
    return Atomics.load(this.#words, this.#at(app) + USED) * GRANULE_BYTES;
  }

  /** Bytes that the app may still claim; `Infinity` where it has no bound. */
  roomBytes(app: number): number {
    const bound = this.#words[this.#at(app) + BOUND] as number;
    return bound === 0 ? Number.POSITIVE_INFINITY : bound * GRANULE_BYTES - this.usedBytes(app);
  }

  /** Charges granules to an app that is about to claim them. Throws `OUT_OF_MEMORY`, and charges nothing, beyond its bound. */
  charge(app: number, granules: number): void {
    const at = this.#at(app);
    const used = Atomics.add(this.#words, at + USED, granules);
    const bound = this.#words[at + BOUND] as number;
    if (bound === 0 || used + granules <= bound) return;
    this.refund(app, granules);
    const [mostBytes, usedBytes, askedBytes] = [bound, used, granules].map((count) => count * GRANULE_BYTES);
    throw new PheromoneError(
      'OUT_OF_MEMORY',
      `app "${this.#name(at)}": expected it to hold at most ${mostBytes} bytes of object memory, it holds ${usedBytes} and asks for ${askedBytes}`,
    );
  }

  refund(app: number, granules: number): void {
    Atomics.sub(this.#words, this.#at(app) + USED, granules);
  }

  #name(at: number): string {
    const start = (at + NAME) * 2;
    return String.fromCharCode(...this.#text.subarray(start, start + (this.#words[at + NAME_LENGTH] as number)));
  }

  #at(app: number): number {
    return (app % APP_SLOTS) * APP_WORDS;
  }
}
