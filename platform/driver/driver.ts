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
} from '../../workloads/api/driver.ts';
import { validateWorkflow } from '../../workloads/api/validate.ts';
import { beside, type Workflow } from '../../workloads/api/workflow.ts';
import { type Client, connectClient } from '../client/client.ts';
import { type ErrorCode, PheromoneError } from '../core/errors.ts';
import { PROTOCOL_VERSION } from '../wire/messages.ts';
import { spawnWorker, type WorkerProcess } from '../worker/spawn.ts';
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
    const worker = await spawnWorker({ executors }).catch(rethrow);
    try {
      return new PheromonePlatform(worker, await connectClient({ host: '127.0.0.1', port: worker.port }));
    } catch (error) {
      await worker.stop();
      return rethrow(error);
    }
  },
};

class PheromonePlatform implements Platform {
  readonly #worker: WorkerProcess;
  readonly #client: Client;
  #deployments = 0;

  constructor(worker: WorkerProcess, client: Client) {
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
    return new PheromoneDeployment(this.#client, app, workflow);
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
  #removed = false;

  constructor(client: Client, app: string, workflow: Workflow) {
    this.#client = client;
    this.#app = app;
    this.#workflow = workflow;
  }

  async invoke(input: Uint8Array, options: InvokeOptions = {}): Promise<Invoked> {
    const { entry, result } = this.#workflow;
    const { outputs, spans } = await this.#client.call(this.#app, entry, input, { ...options, answer: result, trace: true }).catch(rethrow);
    return {
      outputs: outputs.map(({ source, key, group, bytes }) => ({ from: source, key, group, bytes })),
      trace: { clock: HOST_CLOCK, spans },
    };
  }

  async feed(): Promise<void> {
    throw new DriverError('INVALID_WORKFLOW', `workflow "${this.#workflow.name}": expected one with a dependency of app scope to be fed`);
  }

  subscribe(): () => void {
    return () => {};
  }

  async remove(): Promise<void> {
    if (this.#removed) return;
    this.#removed = true;
    await this.#client.unregister(this.#app).catch(rethrow);
  }
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
  if (!(error instanceof PheromoneError)) throw error;
  throw new DriverError(CODES[error.code] ?? 'PLATFORM_FAILED', `${error.code}: ${error.message}`, { cause: error });
}
