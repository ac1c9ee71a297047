import { nowNs } from '../clock.ts';
import type { Floor } from './floor.ts';
import { copyFloorName } from './names.ts';

/** So many bytes are copied in one sample, by copies of the floor's size; but not more than so many copies. */
const BYTES_PER_SAMPLE = 10_000_000;
const MAX_COPIES = 20_000;

/** A copy of `bytes` bytes from one buffer to another, both touched before. */
export function copyFloor(bytes: number): Floor {
  const copies = Math.max(1, Math.min(MAX_COPIES, Math.floor(BYTES_PER_SAMPLE / bytes)));
  const from = new Uint8Array(bytes).fill(1);
  const to = new Uint8Array(bytes).fill(2);
  return {
    name: copyFloorName(bytes),
    async sample() {
      const startedNs = nowNs();
      for (let i = 0; i < copies; i++) to.set(from);
      return (nowNs() - startedNs) / copies;
    },
  };
}
