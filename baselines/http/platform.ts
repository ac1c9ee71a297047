/** A started HTTP platform: its processes, the server that they reply to, and what is deployed. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Deployment, DriverError, type DriverErrorCode, type Platform } from '../../workloads/api/driver.ts';
import { validateWorkflow } from '../../workloads/api/validate.ts';
import type { Workflow } from '../../workloads/api/workflow.ts';
import { type Child, startChild } from './child.ts';
import { compile, type Routes } from './compile.ts';
import { bodyOf, type Connection } from './connection.ts';
import { HttpDeployment } from './deployment.ts';
import { messageOf, type Neighbours } from './message.ts';
import type { BlockedReport } from './watchdog.ts';

const MAX_HEADER_BYTES = 1 << 20;

export class HttpPlatform implements Platform {
  readonly #server: Server;
  #children: Child[] = [];
  readonly #deployments = new Map<string, HttpDeployment>();
  #lastDeployment = 0;
  /** Rejects once the platform is stopped, or a process could not be replaced. */
  #ready: Promise<unknown> = Promise.resolve();
  #isStopped = false;

  private constructor() {
    this.#server = createServer({ maxHeaderSize: MAX_HEADER_BYTES, noDelay: true, keepAliveTimeout: 0 }, (request, response) => {
      response.sendDate = false;
      this.#handle(request, response).catch(() => response.destroy());
    });
  }

  static async start(processes: number): Promise<HttpPlatform> {
    const platform = new HttpPlatform();
    try {
      platform.#server.listen(0, '127.0.0.1');
      await once(platform.#server, 'listening');
      const starting = await Promise.allSettled(Array.from({ length: processes }, startChild));
      platform.#children = starting.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      const failed = starting.find((outcome) => outcome.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
      for (const child of platform.#children) platform.#watch(child);
      await platform.#introduce();
      return platform;
    } catch (error) {
      await platform.stop();
      throw error;
    }
  }

  pids(): readonly number[] {
    return this.#children.map(({ pid }) => pid);
  }

  async deploy(workflow: Workflow): Promise<Deployment> {
    validateWorkflow(workflow);
    const processes = await this.#connections();
    const id = ++this.#lastDeployment;
    const routes = compile(workflow, processes.length);
    const outcomes = await Promise.allSettled(processes.map((process) => putDeployment(process, String(id), routes)));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) {
      await this.#remove(id);
      throw failed.reason;
    }
    const deployment = new HttpDeployment(id, workflow, routes, { ready: () => this.#connections(), remove: () => this.#remove(id) });
    this.#deployments.set(String(id), deployment);
    return deployment;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#ready.catch(() => {});
    for (const deployment of this.#deployments.values()) deployment.failAll(stopped());
    await Promise.all(this.#children.map((child) => child.kill()));
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #connections(): Promise<readonly Connection[]> {
    await this.#ready;
    if (this.#isStopped) throw stopped();
    return this.#children.map(({ connection }) => connection);
  }

  async #remove(id: number): Promise<void> {
    this.#deployments.delete(String(id));
    const processes = await this.#connections().catch(() => []);
    await Promise.allSettled(processes.map((process) => process.send('DELETE', `/deployment/${id}`, {}, null)));
  }

  /** Tells every process who the others are; one that has just ended will be replaced, and all are told anew. */
  async #introduce(): Promise<void> {
    const peers = this.#children.map(({ port }) => port);
    const { port: caller } = this.#server.address() as AddressInfo;
    await Promise.allSettled(
      this.#children.map(({ connection }, process) => {
        const neighbours: Neighbours = { process, peers, caller };
        return connection.send('PUT', '/neighbours', {}, Buffer.from(JSON.stringify(neighbours)));
      }),
    );
  }

  /** Replaces a process that ends: what was under way is lost, what comes later waits for the new one. */
  #watch(child: Child): void {
    void child.gone.then((report) => {
      if (this.#isStopped) return;
      this.#ready = this.#ready.catch(() => {}).then(() => this.#replace(child));
      this.#ready.catch(() => {});
      this.#failUnderWay(report);
    });
  }

  async #replace(child: Child): Promise<void> {
    const started = await startChild();
    this.#children[this.#children.indexOf(child)] = started;
    this.#watch(started);
    await this.#introduce();
    await Promise.all([...this.#deployments].map(([id, { routes }]) => putDeployment(started.connection, id, routes)));
  }

  #failUnderWay(report: BlockedReport | undefined): void {
    if (report !== undefined) {
      const { session, fn, timeoutMs } = report;
      const error = new DriverError(
        'FUNCTION_TIMED_OUT',
        `function "${fn}": expected to end within ${timeoutMs} ms, it blocked its process`,
      );
      this.#deploymentOf(session)?.fail(session, error);
    }
    const error = new DriverError('PLATFORM_FAILED', 'a process ended while the run was under way');
    for (const deployment of this.#deployments.values()) deployment.failAll(error);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = await bodyOf(request);
    const message = messageOf(request.headers);
    const { session } = message.lineage;
    const deployment = this.#deploymentOf(session);
    const text = (): string => new TextDecoder().decode(bytes);
    switch (request.url) {
      case '/value':
        deployment?.value(message, bytes);
        break;
      case '/nothing':
        deployment?.nothing(message, request.headers['x-kept'] !== undefined);
        break;
      case '/spans':
        deployment?.spans(session, message.lineage.aside, text());
        break;
      case '/error':
        deployment?.fail(session, new DriverError(request.headers['x-code'] as DriverErrorCode, text()));
    }
    response.writeHead(202).end();
  }

  #deploymentOf(session: string): HttpDeployment | undefined {
    return this.#deployments.get(session.split('.')[0]!);
  }
}

function putDeployment(process: Connection, id: string, routes: Routes): Promise<void> {
  return process.send('PUT', `/deployment/${id}`, {}, Buffer.from(JSON.stringify(routes)));
}

function stopped(): DriverError {
  return new DriverError('PLATFORM_UNAVAILABLE', 'expected a started platform, it was stopped');
}
