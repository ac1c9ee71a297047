import { nowNs } from '../clock.ts';
import type { Floor } from './floor.ts';

const CALLS = 20_000;

/** The next function called on the same thread: a table of functions, each of which gets a value and hands one on. */
export function callFloor(): Floor {
  const functions = Array.from({ length: 16 }, (_, step) => (value: { count: number }) => ({ count: value.count + (step & 1) }));
  return {
    name: 'call',
    async sample() {
      let value = { count: 0 };
      const startedNs = nowNs();
      for (let i = 0; i < CALLS; i++) value = functions[i & 15]!(value);
      const elapsedNs = nowNs() - startedNs;
      if (value.count !== CALLS / 2) throw new Error(`call floor: expected ${CALLS / 2}, got ${value.count}`);
      return elapsedNs / CALLS;
    },
  };
}
