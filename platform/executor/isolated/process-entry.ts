/** Entry of a process that runs the functions of one isolated app. Started by an executor, never imported. */
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { FrameDecoder } from '../../wire/codec.ts';
import { TO_PROCESS, TOLD_FD } from './messages.ts';
import { Runner } from './runner.ts';

if (process.argv[1] !== fileURLToPath(import.meta.url))
  throw new Error('platform/executor/isolated/process-entry: expected to be started by an executor');
// A thread of its own: it ends the process also where a body blocks this one.
const lifeline = new Worker(new URL(`./lifeline-entry${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url));
lifeline.unref();

const runner = new Runner();
process.on('unhandledRejection', (reason) => runner.stray(reason));
process.on('uncaughtException', (error) => runner.stray(error));
// A terminal's Ctrl-C reaches the whole group; the node decides when this process ends.
process.on('SIGINT', () => {});

const decoder = new FrameDecoder(TO_PROCESS, (message, payload, isOwn) => {
  runner.receive(message, isOwn ? payload : Uint8Array.from(payload));
});
const told = new Socket({ fd: TOLD_FD, writable: false });
told.on('data', (chunk: Buffer) => decoder.push(chunk));
told.on('close', () => process.exit());
