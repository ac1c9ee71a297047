/** A process with functions as the host sees it: started, given orders and connections, ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { DriverError } from '../../workloads/api/driver.ts';
import { beside } from '../../workloads/api/workflow.ts';
import type { Done, Order } from './host-messages.ts';
import { type BlockedReport, REPORT_FD } from './watchdog.ts';

export class FunctionsProcess {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, (done: Done) => void>();
  /** Resolves when the process is gone; with a report if one of its functions had blocked it. */
  readonly gone: Promise<BlockedReport | undefined>;
  #isGone = false;

  constructor() {
    // What bodies print goes to standard error, so that the output of the harness stays its own.
    this.#child = spawn(process.execPath, [fileURLToPath(beside(import.meta.url, 'functions-entry'))], {
      stdio: ['ignore', 2, 'inherit', 'ipc', 'pipe'],
    });
    let report: BlockedReport | undefined;
    createInterface(this.#child.stdio[REPORT_FD] as Readable).on('line', (line) => {
      report = JSON.parse(line) as BlockedReport;
    });
    this.gone = once(this.#child, 'close').then(() => {
      this.#isGone = true;
      for (const [id, settle] of this.#pending)
        settle({ type: 'done', id, error: { code: 'PLATFORM_FAILED', message: 'a process ended' } });
      return report;
    });
    this.#child.on('message', (done: Done) => this.#pending.get(done.id)?.(done));
    this.#child.on('error', () => {}); // a message to a process that has just ended
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Rejects with a {@link DriverError}. */
  async obey(order: Order): Promise<void> {
    const { error } = await new Promise<Done>((resolve) => {
      this.#pending.set(order.id, resolve);
      if (this.#isGone) resolve({ type: 'done', id: order.id, error: { code: 'PLATFORM_FAILED', message: 'a process ended' } });
      else this.#child.send(order);
    });
    this.#pending.delete(order.id);
    if (error !== undefined) throw new DriverError(error.code, error.message);
  }

  /** Hands over a connection on which nothing has been read. */
  serve(socket: Socket): void {
    this.#child.send('connection', socket, (error) => {
      if (error !== null) socket.destroy();
    });
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
