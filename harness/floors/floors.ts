/** What the machine itself needs at least: measured between the trials, so that figures carry over as ratios. */
import { callFloor } from './call.ts';
import type { Floor } from './floor.ts';
import { openMailbox } from './mailbox.ts';
import { copyFloor } from './memcpy.ts';
import { openRoundTrip } from './tcp.ts';

/** Floors with the thread and the process that they need. */
export interface OpenFloors {
  readonly floors: readonly Floor[];
  /** Ends the thread and the process. */
  close(): Promise<void>;
}

/** Sizes that are always copied, beside those that a run exchanges. */
const COPY_BYTES = [8, 1_000_000];

/** Starts what the floors need. `payloadBytes` are the sizes of value that the run passes between two functions. */
export async function openFloors(payloadBytes: readonly number[]): Promise<OpenFloors> {
  const mailbox = await openMailbox();
  try {
    const roundTrip = await openRoundTrip();
    const sizes = [...new Set([...COPY_BYTES, ...payloadBytes])].sort((a, b) => a - b);
    return {
      floors: [callFloor(), mailbox.spinning, mailbox.parked, roundTrip.floor, ...sizes.map(copyFloor)],
      async close() {
        await Promise.all([mailbox.close(), roundTrip.close()]);
      },
    };
  } catch (error) {
    await mailbox.close();
    throw error;
  }
}
