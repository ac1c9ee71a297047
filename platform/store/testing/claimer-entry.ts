/** A thread that claims runs of granules, writes its number all over them, and looks whether anybody else has. */
import { parentPort, workerData } from 'node:worker_threads';
import { PheromoneError } from '../../core/errors.ts';
import { Granules } from '../granules.ts';
import { GRANULE_BYTES, type StoreMemory } from '../memory.ts';

interface Setup {
  readonly memory: StoreMemory;
  readonly thread: number;
  readonly rounds: number;
  /** Threads that have started; all begin when the last one has. */
  readonly started: SharedArrayBuffer;
  readonly threads: number;
}

const HELD_AT_MOST = 4;
const { memory, thread, rounds, started, threads } = workerData as Setup;
const granules = new Granules(memory);
const words = new Int32Array(memory.arena);
const held: { first: number; count: number }[] = [];
let claims = 0;
let refusals = 0;
let strangers = 0;

function eachGranule({ first, count }: { first: number; count: number }, visit: (word: number) => void): void {
  for (let i = first; i < first + count; i++) visit((i * GRANULE_BYTES) / 4);
}

function free(): void {
  const run = held.shift();
  if (run === undefined) return;
  eachGranule(run, (word) => {
    if (words[word] !== thread) strangers++;
  });
  granules.free(run.first);
}

function claim(count: number): void {
  try {
    const run = { first: granules.claim(count, 0), count };
    claims++;
    eachGranule(run, (word) => {
      words[word] = thread;
    });
    held.push(run);
  } catch (error) {
    if (!(error instanceof PheromoneError) || error.code !== 'OUT_OF_MEMORY') throw error;
    refusals++;
  }
}

const gate = new Int32Array(started);
Atomics.add(gate, 0, 1);
Atomics.notify(gate, 0);
for (let seen = Atomics.load(gate, 0); seen < threads; seen = Atomics.load(gate, 0)) Atomics.wait(gate, 0, seen);
for (let round = 0; round < rounds; round++) {
  claim(1 + ((round * 7 + thread) % 11));
  if (held.length > HELD_AT_MOST || round % 3 === 0) free();
}
while (held.length > 0) free();
parentPort?.postMessage({ claims, refusals, strangers });
