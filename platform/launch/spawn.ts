/** Processes of the platform's roles. */
import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PheromoneError } from '../core/errors.ts';
import type { Role, RoleOptions, Surroundings } from './start-role.ts';

/** How long a process may take to end in order before it is killed, unless asked otherwise. */
const STOP_MS = 5_000;
const ENTRY = fileURLToPath(new URL(`./role-entry${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url));

export interface RoleProcess {
  readonly pid: number;
  readonly port: number;
  /** Whether the process still runs. */
  readonly isAlive: boolean;
  /** Resolves when the process has ended, also where nobody asked it to, with how: a signal or `exit code 1`. Never rejects. */
  readonly ended: Promise<string>;
  /** Has it end in order, and after `graceMs` at once. Resolves when the process has ended. Never rejects; may be called twice. */
  stop(graceMs?: number): Promise<void>;
}

/** What a process is told to be. */
export interface Order<R extends Role = Role> {
  readonly role: R;
  readonly options: RoleOptions[R];
  readonly surroundings: Surroundings;
}

export interface SpawnOptions extends Surroundings {
  /** What the process writes is added to this file; left out: it shares this process's stdout and stderr. */
  readonly logFile?: string | undefined;
}

/** Starts a process of a role and waits until it listens. Rejects with `INTERNAL` and what it said if it does not come up. */
export async function spawnRole<R extends Role>(
  role: R,
  options: RoleOptions[R],
  { logFile, ...surroundings }: SpawnOptions = {},
): Promise<RoleProcess> {
  const child = forkRole(role, logFile);
  const ended = new Promise<string>((resolve) => child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`)));
  // Not as an argument: everyone may read those.
  child.send({ role, options, surroundings } satisfies Order<R>);
  const port = await portOf(child, role, ended);
  return {
    pid: child.pid as number,
    port,
    ended,
    get isAlive() {
      return isAlive(child);
    },
    async stop(graceMs = STOP_MS) {
      if (!isAlive(child)) return;
      child.kill('SIGTERM');
      // Whoever stands still cannot end in order.
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

function forkRole(role: string, logFile: string | undefined): ChildProcess {
  const log = logFile === undefined ? undefined : openSync(logFile, 'a', 0o600);
  try {
    const output = log ?? 'inherit';
    return fork(ENTRY, [role], { stdio: ['ignore', output, output, 'ipc'], execArgv: [], serialization: 'advanced' });
  } finally {
    if (log !== undefined) closeSync(log);
  }
}

function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

function portOf(child: ChildProcess, role: string, ended: Promise<string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new PheromoneError('INTERNAL', `${role}: expected it to listen, ${why}`));
    child.once('error', (error) => fail(`it could not be started: ${error.message}`));
    void ended.then((how) => fail(`it ended with ${how}`));
    child.once('message', (message: { port?: number; error?: string }) => {
      if (message.port === undefined) fail(`it said: ${message.error}`);
      else resolve(message.port);
    });
  });
}
