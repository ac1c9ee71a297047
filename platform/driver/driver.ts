/** Pheromone as a platform of the benchmark: one worker node in a process of its own, called through the client. */
import {
  type Deployment,
  type Driver,
  DriverError,
  type DriverErrorCode,
  HOST_CLOCK,
  type Invoked,
  type InvokeOptions,
  type Platform,
  type StreamOutput,
} from '../../workloads/api/driver.ts';
import { isStreaming } from '../../workloads/api/graph.ts';
import { validateWorkflow } from '../../workloads/api/validate.ts';
import { beside, type Workflow } from '../../workloads/api/workflow.ts';
import { type Client, connectClient } from '../client/client.ts';
import type { CallResult } from '../client/run.ts';
import type { Subscription } from '../client/subscription.ts';
import { type ErrorCode, PheromoneError } from '../core/errors.ts';
import { type RoleProcess, spawnRole } from '../launch/spawn.ts';
import { PROTOCOL_VERSION } from '../wire/greeting-messages.ts';
import { CAPABILITIES } from './capabilities.ts';
import { compileWorkflow } from './compile.ts';

const ADAPTER = beside(import.meta.url, 'adapter');

export const pheromone: Driver = {
  name: 'pheromone',
  title: 'Pheromone',
  class: 'real',
  capabilities: CAPABILITIES,
  probe: async () => ({ runs: true, version: `protocol ${PROTOCOL_VERSION}` }),
  async start({ executors }) {
    const worker = await spawnRole('worker', { executors }).catch(rethrow);
    try {
      return new PheromonePlatform(worker, await connectClient({ host: '127.0.0.1', port: worker.port }));
    } catch (error) {
      await worker.stop();
      return rethrow(error);
    }
  },
};

class PheromonePlatform implements Platform {
  readonly #worker: RoleProcess;
  readonly #client: Client;
  #deployments = 0;

  constructor(worker: RoleProcess, client: Client) {
    this.#worker = worker;
    this.#client = client;
  }

  pids(): readonly number[] {
    return [this.#worker.pid];
  }

  async deploy(workflow: Workflow): Promise<Deployment> {
    validateWorkflow(workflow);
    // Two deployments of one workflow are two apps.
    const app = `${workflow.name}-${++this.#deployments}`;
    const definition = compileWorkflow(workflow, app, ADAPTER);
    await this.#client.register(definition).catch(rethrow);
    const deployment = new PheromoneDeployment(this.#client, app, workflow);
    if (isStreaming(workflow)) await deployment.listen();
    return deployment;
  }

  async stop(): Promise<void> {
    await this.#client.close();
    await this.#worker.stop();
  }
}

class PheromoneDeployment implements Deployment {
  readonly #client: Client;
  readonly #app: string;
  readonly #workflow: Workflow;
  readonly #subscribers = new Set<{ listener(output: StreamOutput): void; failed(error: DriverError): void }>();
  #subscription: Subscription | undefined;
  #removed = false;

  constructor(client: Client, app: string, workflow: Workflow) {
    this.#client = client;
    this.#app = app;
    this.#workflow = workflow;
  }

  async invoke(input: Uint8Array, options: InvokeOptions = {}): Promise<Invoked> {
    const { entry, result } = this.#workflow;
    this.#expect('invoked', 'none of app scope', !isStreaming(this.#workflow));
    return invoked(await this.#client.call(this.#app, entry, input, { ...options, answer: result, trace: true }).catch(rethrow));
  }

  async feed(event: Uint8Array, options?: InvokeOptions): Promise<void> {
    this.#expect('fed', 'a dependency of app scope', isStreaming(this.#workflow));
    await this.#client.feed(this.#app, this.#workflow.entry, event, options).catch(rethrow);
  }

  subscribe(listener: (output: StreamOutput) => void, failed: (error: DriverError) => void = () => {}): () => void {
    const subscriber = { listener, failed };
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }

  /** Passes on what the app's sessions give out, for as long as the app is registered. */
  async listen(): Promise<void> {
    const onOutput = (result: CallResult): void => {
      const { outputs, trace } = invoked(result);
      for (const output of outputs) for (const { listener } of this.#subscribers) listener({ ...output, trace });
    };
    const onFault = (error: PheromoneError): void => {
      for (const { failed } of this.#subscribers) failed(driverError(error));
    };
    this.#subscription = await this.#client.subscribe(this.#app, { trace: true, onOutput, onFault }).catch(rethrow);
  }

  async remove(): Promise<void> {
    if (this.#removed) return;
    this.#removed = true;
    await this.#subscription?.close();
    await this.#client.unregister(this.#app).catch(rethrow);
  }

  #expect(done: string, having: string, holds: boolean): void {
    if (!holds) throw new DriverError('INVALID_WORKFLOW', `workflow "${this.#workflow.name}": expected one with ${having} to be ${done}`);
  }
}

function invoked({ outputs, spans }: CallResult): Invoked {
  return {
    outputs: outputs.map(({ source, key, group, bytes }) => ({ from: source, key, group, bytes })),
    trace: { clock: HOST_CLOCK, spans },
  };
}

const CODES: Readonly<Partial<Record<ErrorCode, DriverErrorCode>>> = {
  INVALID_APP: 'INVALID_WORKFLOW',
  FUNCTION_LOAD_FAILED: 'INVALID_WORKFLOW',
  UNKNOWN_APP: 'CANCELLED',
  OBJECT_TOO_LARGE: 'PAYLOAD_TOO_LARGE',
  FUNCTION_FAILED: 'FUNCTION_FAILED',
  NO_OUTPUT: 'FUNCTION_FAILED',
  INVALID_ARGUMENT: 'FUNCTION_FAILED',
  FUNCTION_TIMED_OUT: 'FUNCTION_TIMED_OUT',
  CANCELLED: 'CANCELLED',
  DEADLINE_EXCEEDED: 'DEADLINE_EXCEEDED',
  DISCONNECTED: 'PLATFORM_UNAVAILABLE',
};

function rethrow(error: unknown): never {
  throw error instanceof PheromoneError ? driverError(error) : error;
}

function driverError(error: PheromoneError): DriverError {
  return new DriverError(CODES[error.code] ?? 'PLATFORM_FAILED', `${error.code}: ${error.message}`, { cause: error });
}
