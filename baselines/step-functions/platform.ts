/** The started platform: the service's process and what is deployed on it. */
import { type Deployment, DriverError, type DriverErrorCode, type Platform } from '../../workloads/api/driver.ts';
import { validateWorkflow } from '../../workloads/api/validate.ts';
import { beside, type Workflow } from '../../workloads/api/workflow.ts';
import { type Child, startChild } from './child.ts';
import { compile } from './compile.ts';
import { StateMachineDeployment } from './deployment.ts';
import type { Endpoint } from './http.ts';
import type { CreateRequest, DeleteRequest } from './messages.ts';

export class StepFunctionsPlatform implements Platform {
  readonly #deployments = new Map<string, StateMachineDeployment>();
  #service: Child | undefined;
  /** Processes of the functions. */
  #functions: readonly number[] = [];
  #lastName = 0;
  #isStopped = false;

  private constructor() {}

  static async start(executors: number): Promise<StepFunctionsPlatform> {
    const platform = new StepFunctionsPlatform();
    const service = await startChild(beside(import.meta.url, 'service-entry'), [String(executors)], ({ pids }) => {
      platform.#functions = pids;
    });
    platform.#service = service;
    void service.gone.then(() => platform.#gone());
    return platform;
  }

  pids(): readonly number[] {
    return this.#service === undefined ? [] : [this.#service.pid, ...this.#functions];
  }

  async deploy(workflow: Workflow): Promise<Deployment> {
    validateWorkflow(workflow);
    const name = `${workflow.name}-${++this.#lastName}`;
    const request: CreateRequest = { name, ...compile(workflow) };
    await this.#endpoint().request('POST', '/CreateStateMachine', JSON.stringify(request));
    const deployment = new StateMachineDeployment(name, workflow, {
      endpoint: () => this.#endpoint(),
      delete: (stateMachine) => this.#delete(stateMachine),
    });
    this.#deployments.set(name, deployment);
    return deployment;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#failAll('PLATFORM_UNAVAILABLE', 'the platform was stopped');
    await this.#service?.end();
  }

  /** The process of the service has ended; one of its functions may block and so not have noticed. */
  #gone(): void {
    this.#service = undefined;
    for (const pid of this.#functions) kill(pid);
    this.#functions = [];
    this.#failAll('PLATFORM_FAILED', 'the service ended while the run was under way');
  }

  #failAll(code: DriverErrorCode, message: string): void {
    for (const deployment of this.#deployments.values()) deployment.failAll(new DriverError(code, message));
  }

  #endpoint(): Endpoint {
    if (this.#service !== undefined && !this.#isStopped) return this.#service.endpoint;
    const came = this.#isStopped ? 'it was stopped' : 'its process has ended';
    throw new DriverError('PLATFORM_UNAVAILABLE', `expected a started platform, ${came}`);
  }

  async #delete(name: string): Promise<void> {
    this.#deployments.delete(name);
    if (this.#service === undefined || this.#isStopped) return;
    const request: DeleteRequest = { name };
    await this.#service.endpoint.request('POST', '/DeleteStateMachine', JSON.stringify(request)).catch(() => {});
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
