/** All shared memory of a node, reserved at its start. */
import { reserveLedger } from '../executor/ledger.ts';
import type { ExecutorSetup } from '../executor/protocol.ts';
import { reserveReports } from '../executor/reports.ts';
import { reserveThreads, Threads } from '../executor/threads.ts';
import { WISH_BYTES } from '../executor/wish.ts';
import { reserveMemory, THREADS } from '../store/memory.ts';
import type { WorkerOptions } from './options.ts';

export interface NodeMemory {
  readonly setup: Omit<ExecutorSetup, 'thread' | 'apps'>;
  readonly threads: Threads;
}

export function reserveNode(options: WorkerOptions): NodeMemory {
  const {
    name: node,
    arenaBytes,
    spinMs,
    labels,
    twoTier,
    sharedMemory,
    loadMs,
    idleProcesses,
    idleProcessMs,
    heapMb,
    memoryWaitMs,
  } = options;
  const threads = reserveThreads();
  const wishes = new SharedArrayBuffer(THREADS * WISH_BYTES);
  const shared = { store: reserveMemory({ arenaBytes }), ledger: reserveLedger(), threads, reports: reserveReports(), wishes };
  const isolation = { loadMs, idleProcesses, idleProcessMs, heapMb };
  const setup = { ...shared, node, spinMs, labels, placesAll: !twoTier, sharedMemory, isolation, heapMb, memoryWaitMs };
  return { setup, threads: new Threads(threads) };
}
