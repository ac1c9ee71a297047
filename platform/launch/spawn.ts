/** Processes of the platform's roles. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { PheromoneError } from '../core/errors.ts';
import type { ManagerOptions } from '../manager/options.ts';
import type { WorkerOptions } from '../worker/options.ts';

/** What each role can be told. */
export interface RoleOptions {
  readonly manager: Partial<ManagerOptions>;
  readonly worker: Partial<WorkerOptions>;
}

/** How long a process may take to end in order before it is killed. */
const STOP_MS = 5_000;
const ENTRY = fileURLToPath(new URL(`./role-entry${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url));

export interface RoleProcess {
  readonly pid: number;
  readonly port: number;
  /** Whether the process still runs. */
  readonly isAlive: boolean;
  /** Resolves when the process has ended, also where nobody asked it to. Never rejects. */
  readonly ended: Promise<void>;
  /** Has it end in order. Resolves when the process has ended. Never rejects; may be called twice. */
  stop(): Promise<void>;
}

/** Starts a process of a role and waits until it listens. Rejects with `INTERNAL` and what it said if it does not come up. */
export async function spawnRole<R extends keyof RoleOptions>(role: R, options: RoleOptions[R]): Promise<RoleProcess> {
  const child = fork(ENTRY, [role, JSON.stringify(options)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: [] });
  const ended = once(child, 'exit').then(
    () => {},
    () => {},
  );
  const port = await portOf(child, role);
  return {
    pid: child.pid as number,
    port,
    ended,
    get isAlive() {
      return isAlive(child);
    },
    async stop() {
      if (!isAlive(child)) return;
      child.kill('SIGTERM');
      // Whoever stands still cannot end in order.
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

function portOf(child: ChildProcess, role: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new PheromoneError('INTERNAL', `${role}: expected it to listen, ${why}`));
    child.once('error', (error) => fail(`it could not be started: ${error.message}`));
    child.once('exit', (code, signal) => fail(`it ended with ${signal ?? `exit code ${code}`}`));
    child.once('message', (message: { port?: number; error?: string }) => {
      if (message.port === undefined) fail(`it said: ${message.error}`);
      else resolve(message.port);
    });
  });
}
