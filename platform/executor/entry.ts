/** Entry of an executor's thread. Started by the worker node, never imported. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { Executor } from './executor.ts';
import type { ExecutorSetup } from './protocol.ts';

if (isMainThread || parentPort === null) throw new Error('platform/executor/entry: expected to be started as a worker thread');
await new Executor(workerData as ExecutorSetup, parentPort).run();
