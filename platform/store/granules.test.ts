import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import fc from 'fast-check';
import { PheromoneError } from '../core/errors.ts';
import { Granules } from './granules.ts';
import { GRANULE_BYTES, reserveMemory, type StoreMemory } from './memory.ts';

function memoryOf(granules: number): StoreMemory {
  return reserveMemory({ arenaBytes: granules * GRANULE_BYTES });
}

function granule(memory: StoreMemory, number: number): Uint8Array {
  return new Uint8Array(memory.arena, number * GRANULE_BYTES, GRANULE_BYTES);
}

test('memory is a whole number of granules, and at least one', (t) => {
  for (const arenaBytes of [0, 1, GRANULE_BYTES - 1, GRANULE_BYTES + 1, -GRANULE_BYTES, Number.NaN]) {
    t.throws(() => reserveMemory({ arenaBytes }), { instanceOf: RangeError, message: /multiple of 65536/ });
  }
});

test('runs that are claimed do not overlap, and all of memory can be claimed again once it is free', (t) => {
  const memory = memoryOf(16);
  const granules = new Granules(memory);
  for (let round = 0; round < 3; round++) {
    const runs = Array.from({ length: 16 }, () => granules.claim(1, 0));
    t.deepEqual(
      runs.toSorted((a, b) => a - b),
      Array.from({ length: 16 }, (_, i) => i),
    );
    t.is(granules.usedBytes, 16 * GRANULE_BYTES);
    for (const run of runs) granules.free(run);
    t.is(granules.usedBytes, 0);
  }
  t.is(granules.claim(16, 0), 0);
});

test('where no run is long enough, OUT_OF_MEMORY says how much was wanted and how much is in use', (t) => {
  const granules = new Granules(memoryOf(8));
  const runs = Array.from({ length: 8 }, () => granules.claim(1, 0));
  for (const run of runs) if (run % 2 === 1) granules.free(run);
  const error = t.throws(() => granules.claim(2, 0), { instanceOf: PheromoneError });
  t.is(error?.code, 'OUT_OF_MEMORY');
  t.is(error?.message, `object memory: expected 131072 free bytes in a row, 262144 of 524288 are in use`);
  t.is(granules.usedBytes, 4 * GRANULE_BYTES, 'a claim that fails takes nothing');
  granules.free(2);
  t.is(granules.claim(3, 0), 1, 'free neighbours are one run');
});

test('a run longer than memory is refused', (t) => {
  t.is(t.throws(() => new Granules(memoryOf(4)).claim(5, 0), { instanceOf: PheromoneError })?.code, 'OUT_OF_MEMORY');
});

test('no app sees what another has left, and none pays for wiping what is its own', (t) => {
  const memory = memoryOf(2);
  const granules = new Granules(memory);
  const first = granules.claim(1, 0);
  granule(memory, first).fill(0xaa);
  granules.free(first);
  t.is(granules.claim(1, 0), first, 'what was freed last is warm');
  t.true(
    granule(memory, first).every((byte) => byte === 0xaa),
    'its own bytes are left as they are',
  );
  granules.free(first);
  const run = granules.claim(2, 1);
  t.is(run, 0);
  t.true(granule(memory, 0).every((byte) => byte === 0));
  t.true(granule(memory, 1).every((byte) => byte === 0));
});

test('runs can be linked, and a fresh one leads nowhere', (t) => {
  const granules = new Granules(memoryOf(4));
  const [a, b] = [granules.claim(1, 0), granules.claim(2, 0)];
  t.is(granules.next(a), -1);
  granules.link(a, b);
  t.is(granules.next(a), b);
  granules.free(a);
  t.is(granules.next(granules.claim(1, 0)), -1);
});

test('any sequence of claims and frees keeps to a plain model of memory', (t) => {
  const step = fc.oneof(fc.record({ claim: fc.integer({ min: 1, max: 12 }) }), fc.record({ free: fc.nat(100) }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const size = 24;
      const granules = new Granules(memoryOf(size));
      const held = new Map<number, number>();
      const taken = (): Set<number> => new Set([...held].flatMap(([first, count]) => Array.from({ length: count }, (_, i) => first + i)));
      for (const each of steps) {
        if ('free' in each) {
          const first = [...held.keys()][each.free % Math.max(1, held.size)];
          if (first === undefined) continue;
          granules.free(first);
          held.delete(first);
        } else {
          const before = taken();
          const fits = Array.from({ length: size - each.claim + 1 }, (_, i) => i).some((first) =>
            Array.from({ length: each.claim }, (_, i) => first + i).every((i) => !before.has(i)),
          );
          try {
            const first = granules.claim(each.claim, 0);
            for (let i = first; i < first + each.claim; i++) if (before.has(i) || i >= size) return false;
            held.set(first, each.claim);
          } catch {
            if (fits) return false;
          }
        }
        if (granules.usedBytes !== taken().size * GRANULE_BYTES) return false;
      }
      return true;
    }),
  );
  t.pass();
});

test('threads that claim and free at once never get the same granule, and leave nothing behind', async (t) => {
  const threads = 3;
  const memory = memoryOf(40);
  const started = new SharedArrayBuffer(4);
  const workers = Array.from({ length: threads }, (_, i) => {
    const workerData = { memory, thread: i + 1, rounds: 5_000, started, threads };
    return new Worker(new URL('./testing/claimer-entry.ts', import.meta.url), { workerData });
  });
  t.teardown(() => Promise.all(workers.map((worker) => worker.terminate())));
  const results = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0]));
  for (const { claims, strangers } of results) {
    t.is(strangers, 0);
    t.true(claims > 1_000);
  }
  const granules = new Granules(memory);
  t.is(granules.usedBytes, 0);
  t.is(granules.claim(40, 0), 0);
});
