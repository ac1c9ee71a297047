/** Entry of the thread that ends a process of an isolated app when its node is gone, whatever else the process does. Never imported. */
import { Socket } from 'node:net';
import { isMainThread } from 'node:worker_threads';
import { LIFELINE_FD } from './messages.ts';

if (isMainThread) throw new Error('platform/executor/isolated/lifeline-entry: expected to be started as a worker thread');
const lifeline = new Socket({ fd: LIFELINE_FD, writable: false });
lifeline.resume();
lifeline.on('error', () => {});
lifeline.on('close', () => process.kill(process.pid, 'SIGKILL'));
