/** A deployed workflow at its caller: a client of the service. */
import {
  type Deployment,
  DriverError,
  type DriverErrorCode,
  HOST_CLOCK,
  type Invoked,
  type InvokeOptions,
} from '../../workloads/api/driver.ts';
import type { Workflow } from '../../workloads/api/workflow.ts';
import type { Endpoint } from './http.ts';
import { errorOf } from './http.ts';
import type { ExecutionResult, StartRequest, StopRequest } from './messages.ts';
import { checkValue, decodeValue, encodeValue, flatten, type Values } from './values.ts';

/** What a deployment needs of its platform. */
export interface Service {
  /** Throws `PLATFORM_UNAVAILABLE` once it does not run. */
  endpoint(): Endpoint;
  delete(stateMachine: string): Promise<void>;
}

export class StateMachineDeployment implements Deployment {
  readonly #name: string;
  readonly #workflow: Workflow;
  readonly #service: Service;
  /** Ends a run early, by its execution. */
  readonly #runs = new Map<string, (error: DriverError) => void>();
  #lastExecution = 0;
  #isRemoved = false;

  constructor(name: string, workflow: Workflow, service: Service) {
    this.#name = name;
    this.#workflow = workflow;
    this.#service = service;
  }

  async invoke(input: Uint8Array, { deadlineMs, signal }: InvokeOptions = {}): Promise<Invoked> {
    if (this.#isRemoved) throw new DriverError('CANCELLED', 'expected a deployed workflow, it was removed');
    if (signal?.aborted) throw new DriverError('CANCELLED', 'cancelled before the call');
    checkValue(input, 'the call');
    const endpoint = this.#service.endpoint();
    const execution = `${this.#name}-${++this.#lastExecution}`;
    const early = Promise.withResolvers<never>();
    const end = (code: DriverErrorCode, message: string): void => early.reject(new DriverError(code, message));
    const cancel = (): void => end('CANCELLED', 'cancelled by the caller');
    const late = (): void => end('DEADLINE_EXCEEDED', `expected a result within ${deadlineMs} ms, got none`);
    const timer = deadlineMs === undefined ? undefined : setTimeout(late, deadlineMs);
    signal?.addEventListener('abort', cancel, { once: true });
    this.#runs.set(execution, early.reject);
    early.promise.catch(() => stop(endpoint, execution));
    try {
      return await Promise.race([this.#run(endpoint, execution, input), early.promise]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
      this.#runs.delete(execution);
    }
  }

  feed(): Promise<void> {
    return Promise.reject(this.#notFed());
  }

  subscribe(): () => void {
    throw this.#notFed();
  }

  async remove(): Promise<void> {
    if (this.#isRemoved) return;
    this.#isRemoved = true;
    this.failAll(new DriverError('CANCELLED', 'the workflow was removed'));
    await this.#service.delete(this.#name);
  }

  /** Ends all runs with `error`. */
  failAll(error: DriverError): void {
    for (const reject of this.#runs.values()) reject(error);
  }

  async #run(endpoint: Endpoint, execution: string, input: Uint8Array): Promise<Invoked> {
    const event = encodeValue('', { bytes: input, key: '', group: '' });
    const request: StartRequest = { stateMachine: this.#name, execution, input: JSON.stringify(event) };
    const { body } = await endpoint.request('POST', '/StartSyncExecution', JSON.stringify(request)).catch((cause: unknown) => {
      throw cause instanceof DriverError
        ? cause
        : new DriverError('PLATFORM_FAILED', 'the service ended while the run was under way', { cause });
    });
    const result = JSON.parse(body) as ExecutionResult;
    if (result.status === 'FAILED') throw errorOf(result);
    const outputs = flatten(JSON.parse(result.output) as Values).map(decodeValue);
    const { result: kind } = this.#workflow;
    if (kind === 'first' && outputs.length === 0) {
      throw new DriverError('FUNCTION_FAILED', 'expected a value from a function that nothing depends on, got none before the run ended');
    }
    return { outputs: kind === 'first' ? outputs.slice(0, 1) : outputs, trace: { clock: HOST_CLOCK, spans: result.spans } };
  }

  #notFed(): DriverError {
    return new DriverError('INVALID_WORKFLOW', `workflow "${this.#workflow.name}": expected a call, it cannot be fed`);
  }
}

/** Has the service stop an execution that nobody waits for any more. */
function stop(endpoint: Endpoint, execution: string): void {
  const request: StopRequest = { execution };
  endpoint.request('POST', '/StopExecution', JSON.stringify(request)).catch(() => {});
}
