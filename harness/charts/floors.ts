/** The floors of a run: what the machine itself charges for the kind of step that a platform takes. */
import { bytesCopiedBy } from '../floors/names.ts';
import type { FloorRow } from '../summary.ts';
import { formatSize } from './units.ts';

const MEANINGS: Readonly<Record<string, string>> = {
  call: 'a function called on the same thread',
  'mailbox-spinning': 'a value handed through shared memory to a thread that spins',
  'mailbox-parked': 'a value handed through shared memory to a thread that sleeps and is woken',
  'tcp-round-trip': 'a small message over loopback TCP to another process and back',
};

/** What was timed, in a few words; `''` for a floor that is not known here. */
export function meaningOf(floor: string): string {
  const bytes = bytesCopiedBy(floor);
  return MEANINGS[floor] ?? (bytes === undefined ? '' : `${formatSize(bytes)} copied within memory`);
}

/** The floors that a hop is set beside: ways to get from one function to the next. A copy is no such way. */
export function hopFloors(floors: readonly FloorRow[]): readonly FloorRow[] {
  return floors.filter(({ floor, median, ciLow }) => bytesCopiedBy(floor) === undefined && median > 0 && ciLow > 0);
}

/** The floors that copy so and so many bytes, as a curve over the size. */
export function copyCurve(floors: readonly FloorRow[]): readonly { readonly bytes: number; readonly row: FloorRow }[] {
  const copies = floors.flatMap((row) => {
    const bytes = bytesCopiedBy(row.floor);
    return bytes === undefined || row.median <= 0 ? [] : [{ bytes, row }];
  });
  return copies.sort((a, b) => a.bytes - b.bytes);
}
