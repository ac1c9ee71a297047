/** Names of floors that carry a size. */

const UNITS = [
  ['GB', 1e9],
  ['MB', 1e6],
  ['kB', 1e3],
  ['B', 1],
] as const;

/** Name of the floor that copies so many bytes, such as `memcpy-10kB`. */
export function copyFloorName(bytes: number): string {
  const [unit, factor] = UNITS.find(([, size]) => bytes >= size && bytes % size === 0) ?? (['B', 1] as const);
  return `memcpy-${bytes / factor}${unit}`;
}

/** How many bytes the floor of this name copies; `undefined` if it is no copy. */
export function bytesCopiedBy(floor: string): number | undefined {
  const [, amount, unit] = /^memcpy-(\d+)(\w+)$/.exec(floor) ?? [];
  const factor = UNITS.find(([name]) => name === unit)?.[1];
  return factor === undefined ? undefined : Number(amount) * factor;
}
