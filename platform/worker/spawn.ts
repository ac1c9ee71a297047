/** A worker node in a process of its own. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { PheromoneError } from '../core/errors.ts';
import type { WorkerOptions } from './options.ts';

/** How long a node may take to end in order before it is killed. */
const STOP_MS = 2_000;
const ENTRY = fileURLToPath(new URL(`./entry${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url));

export interface WorkerProcess {
  readonly pid: number;
  readonly port: number;
  /** Whether the process still runs. */
  readonly isAlive: boolean;
  /** Resolves when the process has ended. Never rejects; may be called twice. */
  stop(): Promise<void>;
}

/** Starts a node and waits until it listens. Rejects with `INTERNAL` and what the node said if it does not come up. */
export async function spawnWorker(options: Partial<WorkerOptions>): Promise<WorkerProcess> {
  const child = fork(ENTRY, [JSON.stringify(options)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: [] });
  const port = await portOf(child);
  return {
    pid: child.pid as number,
    port,
    get isAlive() {
      return isAlive(child);
    },
    async stop() {
      if (!isAlive(child)) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new PheromoneError('INTERNAL', `worker node: expected it to listen, ${why}`));
    child.once('error', (error) => fail(`it could not be started: ${error.message}`));
    child.once('exit', (code, signal) => fail(`it ended with ${signal ?? `exit code ${code}`}`));
    child.once('message', (message: { port?: number; error?: string }) => {
      child.removeAllListeners('exit');
      if (message.port === undefined) fail(`it said: ${message.error}`);
      else resolve(message.port);
    });
  });
}
