/** A process of the platform as its parent sees it: started, spoken to, ended. It ends with its parent. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { DriverError } from '../../workloads/api/driver.ts';
import { Endpoint } from './http.ts';
import type { Notice } from './messages.ts';

/** How long a process may take until it takes requests. */
const START_MS = 20_000;
/** How long it may take to end by itself. */
const END_MS = 5_000;

export interface Child {
  readonly pid: number;
  readonly endpoint: Endpoint;
  /** Resolves when the process is gone. */
  readonly gone: Promise<void>;
  /** Ends the process at once. */
  kill(): Promise<void>;
  /** Has the process end itself and its own processes; those that are left after a while are killed. */
  end(): Promise<void>;
}

/** Starts the process with the entry at the URL `entry`. Rejects with `PLATFORM_UNAVAILABLE` if it does not come up. */
export async function startChild(entry: string, args: readonly string[], onNotice: (notice: Notice) => void = () => {}): Promise<Child> {
  // What bodies print goes to the standard error of the harness, so that its output stays its own.
  const child = spawn(process.execPath, [fileURLToPath(entry), ...args], { stdio: ['ignore', 2, 'inherit', 'ipc'] });
  const exited = once(child, 'exit');
  exited.catch(() => {});
  child.on('message', onNotice);
  try {
    const { port } = await firstNotice(child);
    const endpoint = new Endpoint(port);
    const gone = exited.then(() => endpoint.close());
    const kill = (): Promise<void> => {
      child.kill('SIGKILL');
      return gone;
    };
    const end = async (): Promise<void> => {
      if (child.connected) child.disconnect();
      const timer = setTimeout(kill, END_MS);
      await gone;
      clearTimeout(timer);
    };
    return { pid: child.pid!, endpoint, gone, kill, end };
  } catch (cause) {
    child.kill('SIGKILL');
    throw new DriverError('PLATFORM_UNAVAILABLE', `expected the process ${entry} to start, got: ${cause}`, { cause });
  }
}

async function firstNotice(child: ChildProcess): Promise<Notice> {
  const given = new AbortController();
  const early = once(child, 'exit', { signal: given.signal }).then(([code]) => {
    throw new Error(`exit code ${code}`);
  });
  try {
    const [notice] = await Promise.race([once(child, 'message', { signal: AbortSignal.timeout(START_MS) }), early]);
    return notice as Notice;
  } finally {
    early.catch(() => {});
    given.abort();
  }
}
