/** The floors of a run: what the machine itself charges for the kind of step that a platform takes. */
import type { FloorRow } from '../summary.ts';

const MEANINGS: Readonly<Record<string, string>> = {
  call: 'a function called on the same thread',
  'mailbox-spinning': 'a value handed through shared memory to a thread that spins',
  'mailbox-parked': 'a value handed through shared memory to a thread that sleeps and is woken',
  'tcp-round-trip': 'a small message over loopback TCP to another process and back',
};

/** What was timed, in a few words; `''` for a floor that is not known here. */
export function meaningOf(floor: string): string {
  const [, amount, unit] = /^memcpy-(\d+)(\w+)$/.exec(floor) ?? [];
  return MEANINGS[floor] ?? (amount === undefined ? '' : `${amount} ${unit} copied within memory`);
}

/** The floors that a hop is set beside: ways to get from one function to the next. A copy is no such way. */
export function hopFloors(floors: readonly FloorRow[]): readonly FloorRow[] {
  return floors.filter(({ floor, median, ciLow }) => !floor.startsWith('memcpy') && median > 0 && ciLow > 0);
}
