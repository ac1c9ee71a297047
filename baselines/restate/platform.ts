/** A started Restate: the host process, what it tells, and what is deployed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type Deployment, DriverError, type Platform, type StartOptions } from '../../workloads/api/driver.ts';
import { validateWorkflow } from '../../workloads/api/validate.ts';
import { beside, type Workflow } from '../../workloads/api/workflow.ts';
import { compile, type Served, type Style, serviceNames } from './compile.ts';
import { RestateDeployment } from './deployment.ts';
import { endedSerde } from './envelope.ts';
import type { Done, Notice, Order, Ports } from './host-messages.ts';
import { RestateHttp } from './http.ts';
import type { FailedMessage } from './subscribers.ts';

/** How long the host may take to end all processes before the driver does so. */
const STOP_MS = 5_000;
const LOOK_MS = 10;

export class RestatePlatform implements Platform {
  readonly #style: Style;
  readonly #host: ChildProcess;
  /** Where streaming workflows give out what they have. */
  readonly #listener: Server;
  readonly #deployments = new Map<number, RestateDeployment>();
  readonly #orders = new Map<number, (done: Done) => void>();
  #pids: readonly number[] = [];
  #ports!: Ports;
  #http!: RestateHttp;
  #lastDeployment = 0;
  /** Why the platform takes nothing any more. */
  #end: DriverError | undefined;
  #stopping: Promise<void> | undefined;

  private constructor(style: Style, { executors, dataDir }: StartOptions) {
    this.#style = style;
    this.#host = spawn(process.execPath, [fileURLToPath(beside(import.meta.url, 'entry')), join(dataDir, 'restate'), String(executors)], {
      stdio: ['ignore', 2, 'inherit', 'ipc'],
    });
    this.#listener = createServer((request, response) => {
      this.#take(request).then(
        () => response.writeHead(204).end(),
        () => response.destroy(),
      );
    });
  }

  static async start(style: Style, options: StartOptions): Promise<RestatePlatform> {
    const platform = new RestatePlatform(style, options);
    try {
      await platform.#started();
      return platform;
    } catch (error) {
      await platform.stop();
      throw error;
    }
  }

  pids(): readonly number[] {
    return [this.#host.pid!, ...this.#pids];
  }

  async deploy(workflow: Workflow): Promise<Deployment> {
    validateWorkflow(workflow);
    if (this.#end !== undefined) throw this.#end;
    const id = ++this.#lastDeployment;
    const served: Served = { style: this.#style, names: serviceNames(workflow, id), program: compile(workflow) };
    try {
      await this.#order({ type: 'deploy', id, served, port: (this.#listener.address() as AddressInfo).port });
      const registered = await this.#http.register(`http://127.0.0.1:${this.#ports.functions}/${id}`);
      const remove = async (): Promise<void> => {
        await this.#http.unregister(registered).catch(() => {});
        await this.#order({ type: 'remove', id }).catch(() => {});
        this.#deployments.delete(id);
      };
      const deployment = new RestateDeployment({ ...served, id, name: workflow.name, http: this.#http, remove });
      this.#deployments.set(id, deployment);
      return deployment;
    } catch (error) {
      await this.#order({ type: 'remove', id }).catch(() => {});
      throw error;
    }
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#fail(new DriverError('PLATFORM_UNAVAILABLE', 'expected a started platform, it was stopped'));
    const isOver = (): boolean => this.#host.exitCode !== null || this.#host.signalCode !== null;
    if (!isOver()) {
      const exited = once(this.#host, 'exit');
      const timer = setTimeout(() => this.#host.kill('SIGKILL'), STOP_MS);
      if (this.#host.connected) this.#host.disconnect();
      await exited;
      clearTimeout(timer);
    }
    await this.#killRest();
    await this.#http?.close();
    this.#listener.close();
    this.#listener.closeAllConnections();
  }

  /** Ends what a host that was killed has left behind. */
  async #killRest(): Promise<void> {
    for (let waitedMs = 0; waitedMs < STOP_MS && this.#pids.filter(kill).length > 0; waitedMs += LOOK_MS) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    this.#pids = [];
  }

  async #started(): Promise<void> {
    this.#listener.listen(0, '127.0.0.1');
    await once(this.#listener, 'listening');
    const ports = await new Promise<Ports>((resolve, reject) => {
      this.#host.on('message', (notice: Notice) => {
        if (notice.type === 'started') resolve(notice.ports);
        else this.#heard(notice);
        if (this.#end !== undefined) reject(this.#end);
      });
      this.#host.once('error', (cause) =>
        reject(new DriverError('PLATFORM_UNAVAILABLE', `expected a host process, got: ${cause.message}`)),
      );
      this.#host.once('exit', () => {
        this.#fail(new DriverError('PLATFORM_FAILED', 'expected the host process to run, it has ended'));
        reject(this.#end);
      });
    });
    this.#ports = ports;
    this.#http = new RestateHttp(ports);
  }

  #heard(notice: Exclude<Notice, { readonly type: 'started' }>): void {
    switch (notice.type) {
      case 'pids':
        this.#pids = notice.pids;
        break;
      case 'done':
        this.#orders.get(notice.id)?.(notice);
        break;
      case 'blocked':
        this.#deployments.get(Number.parseInt(notice.report.run, 10))?.blocked(notice.report);
        break;
      case 'failed':
        this.#fail(new DriverError('PLATFORM_FAILED', `expected the platform to run: ${notice.why}`));
    }
  }

  /** Takes nothing any more and fails all that is under way. */
  #fail(error: DriverError): void {
    this.#end ??= error;
    for (const deployment of this.#deployments.values()) deployment.failAll(error);
    const { code, message } = error;
    for (const [id, settle] of this.#orders) settle({ type: 'done', id, error: { code, message } });
  }

  /** Resolves once all processes have obeyed. */
  async #order(order: Order): Promise<void> {
    if (this.#end !== undefined) throw this.#end;
    const { error } = await new Promise<Done>((resolve) => {
      this.#orders.set(order.id, resolve);
      this.#host.send(order);
    });
    this.#orders.delete(order.id);
    if (error !== undefined) throw new DriverError(error.code, error.message);
  }

  /** What a process tells of a streaming workflow. */
  async #take(request: IncomingMessage): Promise<void> {
    const [, id, what] = request.url!.split('/');
    const body = await buffer(request);
    const deployment = this.#deployments.get(Number(id));
    if (what === 'values') deployment?.values(endedSerde.deserialize(body));
    else if (what === 'failed') deployment?.failed(JSON.parse(body.toString()) as FailedMessage);
    else deployment?.over(body.toString());
  }
}

/** Ends process `pid`; says whether it was still there. */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}
