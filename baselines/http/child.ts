/** A process that serves functions, as the driver sees it: started, known by its port, ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { DriverError } from '../../workloads/api/driver.ts';
import { beside } from '../../workloads/api/workflow.ts';
import { Connection } from './connection.ts';
import { type BlockedReport, DRIVER_FD } from './watchdog.ts';

/** How long a process may take to tell its port. */
const START_MS = 20_000;

export interface Child {
  readonly pid: number;
  readonly port: number;
  readonly connection: Connection;
  /** Resolves when the process is gone; with a report if one of its functions had blocked it. */
  readonly gone: Promise<BlockedReport | undefined>;
  /** Ends the process at once; resolves when it is gone. */
  kill(): Promise<void>;
}

/** Starts a process. Rejects with `PLATFORM_UNAVAILABLE` if it does not come up. */
export async function startChild(): Promise<Child> {
  // What bodies print goes to the standard error of the harness, so that its output stays its own.
  const child = spawn(process.execPath, [fileURLToPath(beside(import.meta.url, 'entry'))], { stdio: ['pipe', 2, 'inherit', 'pipe'] });
  const closed = once(child, 'close');
  const lines = createInterface(child.stdio[DRIVER_FD] as Readable);
  try {
    const port = await portOf(child, lines);
    const connection = new Connection(port);
    let report: BlockedReport | undefined;
    lines.on('line', (line) => {
      report = JSON.parse(line) as BlockedReport;
    });
    const gone = closed.then(async () => {
      await connection.close();
      return report;
    });
    const kill = async (): Promise<void> => {
      child.kill('SIGKILL');
      await gone;
    };
    return { pid: child.pid!, port, connection, gone, kill };
  } catch (cause) {
    child.kill('SIGKILL');
    throw new DriverError('PLATFORM_UNAVAILABLE', `expected a process to start, got: ${cause}`, { cause });
  }
}

async function portOf(child: ChildProcess, lines: Interface): Promise<number> {
  const exited = once(child, 'exit').then(([code]) => {
    throw new Error(`exit code ${code}`);
  });
  exited.catch(() => {});
  const [line] = await Promise.race([once(lines, 'line', { signal: AbortSignal.timeout(START_MS) }), exited]);
  return Number(line);
}
