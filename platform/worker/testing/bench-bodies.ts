/** Functions of the node's benchmark. They take times themselves, at the lines that the benchmark speaks of. */
import { hostNowNs } from '../../executor/clock.ts';
import type { FunctionBody } from '../../executor/library.ts';

/** Where a relay keeps what it measured: the time of the last send, then one hop for each relay that was reached. */
const SENT = 0;

/** Passes on the hops measured so far, its own added; the first one starts the list. `restMs`: computes for so long before it sends. */
export function relay({ position, next, restMs }: { position: number; next: string | undefined; restMs: number }): FunctionBody {
  return (library) => {
    const reachedNs = hostNowNs();
    const before = library.inputs[0]?.bytes as Uint8Array;
    const bytes = library.allocate((position + 1) * 8);
    const hops = new Float64Array(bytes.buffer, bytes.byteOffset, position + 1);
    if (position > 0) {
      const measured = new Float64Array(before.buffer, before.byteOffset, position);
      hops.set(measured);
      hops[position] = reachedNs - (measured[SENT] as number);
    }
    for (const untilNs = reachedNs + restMs * 1e6; restMs > 0 && hostNowNs() < untilNs; );
    hops[SENT] = hostNowNs();
    if (next === undefined) library.send(bytes, {}, { output: true });
    else library.send(bytes, { bucket: next });
  };
}

/** Does nothing but pass its input on. */
export function pass({ next }: { next: string | undefined }): FunctionBody {
  return (library) => {
    const bytes = library.inputs[0]?.bytes as Uint8Array;
    if (next === undefined) library.send(bytes, {}, { output: true });
    else library.send(bytes, { bucket: next });
  };
}

/** Starts `width` branches. */
export function split({ width }: { width: number }): FunctionBody {
  return (library) => {
    for (let i = 0; i < width; i++) library.send(library.allocate(8), { bucket: 'branches', key: `${i}` });
  };
}

/** One branch: a no-op, or a sleep. */
export function branch({ sleepMs }: { sleepMs: number }): FunctionBody {
  return (library) => {
    const done = (): void => library.send(library.inputs[0]?.bytes as Uint8Array, { bucket: 'done', key: library.inputs[0]?.key ?? '' });
    return sleepMs === 0 ? done() : new Promise<void>((resolve) => setTimeout(resolve, sleepMs)).then(done);
  };
}

/** Answers with how many inputs it was given. */
export function count(): FunctionBody {
  return (library) => {
    const bytes = library.allocate(8);
    new Float64Array(bytes.buffer, bytes.byteOffset, 1)[0] = library.inputs.length;
    library.send(bytes, {}, { output: true });
  };
}

/**
 * Fills `workBytes` of object memory and sends the first `size` of them: whatever their size, what went before, and
 * with it the state of threads and caches, is the same. First the same filling and reading in this function alone.
 */
export function fill({ size, workBytes }: { size: number; workBytes: number }): FunctionBody {
  return (library) => {
    const own = library.allocate(workBytes);
    own.fill(1);
    const floorNs = timed(() => own.fill(2)) + timed(() => sumOf(own.subarray(0, size)));
    const startedNs = hostNowNs();
    const bytes = library.allocate(workBytes);
    bytes.fill(3);
    const sentNs = hostNowNs();
    library.send(bytes.subarray(0, size), { bucket: 'filled', metadata: JSON.stringify({ floorNs, startedNs, sentNs }) });
  };
}

/** Answers with: the hand-over, all of it from creation to the last byte read, and the same work in one function. */
export function read(): FunctionBody {
  return (library) => {
    const reachedNs = hostNowNs();
    const input = library.inputs[0];
    const sum = sumOf(input?.bytes as Uint8Array);
    const endedNs = hostNowNs();
    const { floorNs, startedNs, sentNs } = JSON.parse(input?.metadata ?? '') as Record<'floorNs' | 'startedNs' | 'sentNs', number>;
    const bytes = library.allocate(32);
    new Float64Array(bytes.buffer, bytes.byteOffset, 4).set([reachedNs - sentNs, endedNs - startedNs, floorNs, sum]);
    library.send(bytes, {}, { output: true });
  };
}

function timed(work: () => unknown): number {
  const startedNs = hostNowNs();
  work();
  return hostNowNs() - startedNs;
}

function sumOf(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i++) sum += bytes[i] as number;
  return sum;
}
