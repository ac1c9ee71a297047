/** The host's work: the Restate server, the processes with the functions, and the connections between them. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server as Listener, type Socket } from 'node:net';
import { DriverError } from '../../workloads/api/driver.ts';
import { messageOf } from '../../workloads/api/run-body.ts';
import { FunctionsProcess } from './functions-process.ts';
import type { Notice, Order } from './host-messages.ts';
import { type Server, startServer } from './server.ts';

export class Host {
  readonly #notify: (notice: Notice) => void;
  /** All get orders; those that know all workflows get connections too. */
  readonly #processes = new Set<FunctionsProcess>();
  readonly #ready: FunctionsProcess[] = [];
  readonly #deployed = new Map<number, Order>();
  readonly #listener: Listener;
  /** Connections that came while there was no process. */
  readonly #waiting: Socket[] = [];
  #server: Server | undefined;
  #lastServed = 0;
  #isEnding = false;

  constructor(notify: (notice: Notice) => void) {
    this.#notify = notify;
    this.#listener = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
      this.#waiting.push(socket);
      this.#deal();
    });
  }

  async start(folder: string, processes: number): Promise<void> {
    for (let count = 0; count < processes; count++) void this.#add();
    this.#listener.listen(0, '127.0.0.1');
    await once(this.#listener, 'listening');
    this.#server = await startServer(folder, processes);
    this.#server.process.once('exit', () => this.#notify({ type: 'failed', why: 'the Restate server has ended' }));
    this.#tellPids();
    this.#notify({ type: 'started', ports: { ...this.#server.ports, functions: (this.#listener.address() as AddressInfo).port } });
  }

  async obey(order: Order): Promise<void> {
    try {
      if (order.type === 'deploy') this.#deployed.set(order.id, order);
      else this.#deployed.delete(order.id);
      await Promise.all([...this.#processes].map((process) => process.obey(order)));
      this.#notify({ type: 'done', id: order.id });
    } catch (error) {
      this.#deployed.delete(order.id);
      const code = error instanceof DriverError ? error.code : 'PLATFORM_FAILED';
      this.#notify({ type: 'done', id: order.id, error: { code, message: messageOf(error) } });
    }
  }

  /** Ends all processes at once; resolves when they are gone. */
  async end(): Promise<void> {
    this.#isEnding = true;
    const server = this.#server?.process;
    const ended = server === undefined || server.exitCode !== null || server.signalCode !== null ? undefined : once(server, 'exit');
    server?.kill('SIGKILL');
    for (const process of this.#processes) process.kill();
    await Promise.all([ended, ...[...this.#processes].map(({ gone }) => gone)]);
  }

  /** Starts a process. One that ends later is replaced: what was under way there, Restate runs again. */
  async #add(): Promise<void> {
    const added = new FunctionsProcess();
    this.#processes.add(added);
    void added.gone.then((report) => {
      this.#processes.delete(added);
      if (this.#isEnding) return;
      if (report !== undefined) this.#notify({ type: 'blocked', report });
      const at = this.#ready.indexOf(added);
      // One that does not come so far as to know all workflows would not do so the next time either.
      if (at === -1) return this.#notify({ type: 'failed', why: 'a process with functions ended while it started' });
      this.#ready.splice(at, 1);
      void this.#add();
      this.#tellPids();
    });
    const known = [...this.#deployed.values()].map((order) => added.obey(order));
    if ((await Promise.allSettled(known)).some(({ status }) => status === 'rejected')) return added.kill();
    this.#ready.push(added);
    this.#deal();
  }

  #tellPids(): void {
    const pids = [...this.#processes].map(({ pid }) => pid);
    this.#notify({ type: 'pids', pids: this.#server === undefined ? pids : [this.#server.process.pid!, ...pids] });
  }

  /** Deals waiting connections out to the processes in turn. */
  #deal(): void {
    while (this.#ready.length > 0) {
      const socket = this.#waiting.shift();
      if (socket === undefined) return;
      this.#ready[this.#lastServed++ % this.#ready.length]!.serve(socket);
    }
  }
}
