/** Consistent hashing: which member owns a key, so that a member that comes or goes moves few keys. */
import type { View } from './membership.ts';

/** Points of each name on the ring: more make shares more even (about 1/sqrt of it apart), and a ring slower to build. */
const POINTS_PER_NAME = 128;

interface Point {
  /** Place on the ring, 0 to 2^32 - 1. */
  readonly at: number;
  readonly name: string;
}

/**
 * The owner of a key is the name whose point comes next on the ring. Of n names a further one takes about 1/(n + 1)
 * of all keys, and no key moves between those that were there before. Who owns what depends on the set of names
 * alone, so that all who know the same members agree without asking.
 */
export class HashRing {
  readonly #points: readonly Point[];

  constructor(names: Iterable<string>) {
    this.#points = [...new Set(names)].flatMap(pointsOf).sort(inOrder);
  }

  /** `undefined` if there are no names. */
  ownerOf(key: string): string | undefined {
    const at = hash(key);
    let low = 0;
    let high = this.#points.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#points[middle]!.at < at) low = middle + 1;
      else high = middle;
    }
    return (this.#points[low] ?? this.#points[0])?.name;
  }
}

/** By whom apps are owned: the coordinators of a view. One that drains gives its apps to the others, if there are any. */
export function coordinatorRing({ members }: View): HashRing {
  const coordinators = members.filter(({ role }) => role === 'coordinator');
  const staying = coordinators.filter(({ draining }) => !draining);
  return new HashRing((staying.length > 0 ? staying : coordinators).map(({ name }) => name));
}

function pointsOf(name: string): Point[] {
  return Array.from({ length: POINTS_PER_NAME }, (_, index) => ({ at: hash(`${name}#${index}`), name }));
}

/** Points that fall together keep to an order of their own: it must not depend on who was named first. */
function inOrder(a: Point, b: Point): number {
  return a.at - b.at || (a.name < b.name ? -1 : 1);
}

/** FNV-1a over the bytes of UTF-16, then the finaliser of MurmurHash3, without which similar keys stay neighbours. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    h = Math.imul(h ^ (unit & 0xff), 0x01000193);
    h = Math.imul(h ^ (unit >>> 8), 0x01000193);
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
