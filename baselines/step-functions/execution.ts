/** One execution of a state machine: the interpreter, its calls of functions, the limits that it does not know of. */
import { ExecutionError, type StateMachine } from 'aws-local-stepfunctions';
import { DriverError, type Span } from '../../workloads/api/driver.ts';
import { NO_VALUE } from './asl.ts';
import { errorOf } from './http.ts';
import { type ExecutionResult, type Failure, FUNCTION_ERROR_HEADER, SPAN_HEADER } from './messages.ts';
import type { FunctionPool } from './pool.ts';
import { checkSize } from './values.ts';

type Json = Awaited<ReturnType<StateMachine['run']>['result']>;

/** A state machine that can be executed. */
export interface Deployed {
  readonly name: string;
  readonly machine: StateMachine;
  /** For each Task state the function that it calls. */
  readonly tasks: Readonly<Record<string, string>>;
  /** Functions whose first value ends the execution. */
  readonly early: ReadonlySet<string>;
}

/** States of which the interpreter makes the output; that of a Task is checked as it comes in, others hand on their input. */
const MAKING = new Set(['Map', 'Parallel', 'Pass']);

export class Execution {
  readonly #deployed: Deployed;
  readonly #pool: FunctionPool;
  readonly #spans: Span[] = [];
  /** Fires when the execution is over, for the calls that are still under way. */
  readonly #over = new AbortController();
  readonly #settled = Promise.withResolvers<string>();

  constructor(deployed: Deployed, pool: FunctionPool) {
    this.#deployed = deployed;
    this.#pool = pool;
  }

  /** Runs it to its end. Rejects with a {@link DriverError}. */
  async run(input: string): Promise<ExecutionResult> {
    checkSize(input, 'input of the execution');
    const handlers = Object.entries(this.#deployed.tasks).map(([state, fn]) => [state, (event: Json) => this.#call(state, fn, event)]);
    const running = this.#deployed.machine.run(JSON.parse(input), {
      overrides: { taskResourceLocalHandlers: Object.fromEntries(handlers) },
    });
    running.result.then(
      (result) => this.#succeed(result),
      (error: unknown) => this.#fail(error instanceof ExecutionError ? error.cause : error),
    );
    this.#watch(running.eventLogs).catch((error: unknown) => this.#fail(error));
    try {
      return { status: 'SUCCEEDED', output: await this.#settled.promise, spans: this.#spans };
    } finally {
      this.#over.abort();
      running.abort();
    }
  }

  /** Ends it; its run rejects with `CANCELLED`. */
  stop(): void {
    this.#fail(new DriverError('CANCELLED', 'the execution was stopped'));
  }

  /** Calls a function for a Task state, as Lambda is called. */
  async #call(state: string, fn: string, event: Json): Promise<Json> {
    // After a failure the interpreter still begins iterations of a Map that have waited for their turn.
    if (this.#over.signal.aborted) throw new DriverError('CANCELLED', 'the execution is over');
    try {
      return await this.#invoke(state, fn, JSON.stringify(event));
    } catch (error) {
      if (!(error instanceof NoValue)) this.#fail(error);
      throw error;
    }
  }

  async #invoke(state: string, fn: string, event: string): Promise<Json> {
    checkSize(event, `input of state "${state}"`);
    const { headers, body } = await this.#pool.invoke(this.#deployed.name, fn, event, this.#over.signal);
    const span = headers[SPAN_HEADER];
    if (typeof span === 'string') {
      const [startedNs = 0, endedNs = 0] = span.split(' ').map(Number);
      this.#spans.push({ fn, startedNs, endedNs });
    }
    if (headers[FUNCTION_ERROR_HEADER] !== undefined) {
      const failure = JSON.parse(body) as Failure;
      throw failure.error === NO_VALUE ? new NoValue(failure.cause) : errorOf(failure);
    }
    checkSize(body, `output of state "${state}"`);
    const result = JSON.parse(body) as Json[];
    if (this.#deployed.early.has(fn) && result.length > 0) this.#succeed(result);
    return result;
  }

  async #watch(events: ReturnType<StateMachine['run']>['eventLogs']): Promise<void> {
    for await (const event of events) {
      if (event.type !== 'StateExited' || !MAKING.has(event.state.type)) continue;
      checkSize(JSON.stringify(event.state.output), `output of state "${event.state.name}"`);
    }
  }

  #succeed(result: Json): void {
    const output = JSON.stringify(result);
    try {
      checkSize(output, 'output of the execution');
      this.#settled.resolve(output);
      this.#over.abort();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The first failure counts; what it brings about is not told. */
  #fail(error: unknown): void {
    const known =
      error instanceof DriverError ? error : new DriverError('PLATFORM_FAILED', `the interpreter failed: ${error}`, { cause: error });
    this.#settled.reject(known);
    this.#over.abort();
  }
}

/** A function emitted nothing. States catch it by its name. */
class NoValue extends Error {
  override readonly name = NO_VALUE;
}
