/** The function processes: who runs what, calls that wait for their turn, processes that are replaced. */
import { DriverError } from '../../workloads/api/driver.ts';
import { messageOf } from '../../workloads/api/run-body.ts';
import { beside } from '../../workloads/api/workflow.ts';
import { REGROUP } from './asl.ts';
import { type Child, startChild } from './child.ts';
import type { Program } from './compile.ts';
import type { Answer } from './http.ts';

/**
 * A body that awaits is timed out, or ended with its execution, in its process; only if no answer has come this long
 * after that is it taken to be blocked. A busy machine may hold up a sound one for a while.
 */
const GRACE_MS = 1_000;
const MAX_TIMER_MS = 2 ** 31 - 1;
/** The regrouping function's, whose work is bounded by the size of its input. */
const REGROUP_TIMEOUT_MS = 60_000;

interface Call {
  readonly path: string;
  readonly name: string;
  readonly event: string;
  readonly timeoutMs: number;
  readonly concurrency: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: DriverError) => void;
  /** Where it runs, if its turn has come. */
  executor?: Executor;
  timer?: NodeJS.Timeout;
}

interface Executor {
  readonly child: Child;
  readonly calls: Set<Call>;
  /** The call that has kept the process beyond its time, for which it is being killed. */
  blocking?: Call;
}

export class FunctionPool {
  readonly #executors = new Set<Executor>();
  readonly #starting = new Set<Promise<void>>();
  readonly #queue: Call[] = [];
  readonly #machines = new Map<string, Program['functions']>();
  readonly #onPids: () => void;
  #lastId = 0;
  #isClosed = false;

  private constructor(onPids: () => void) {
    this.#onPids = onPids;
  }

  /** Starts `count` processes; `onPids` is called whenever others run. */
  static async start(count: number, onPids: () => void): Promise<FunctionPool> {
    const pool = new FunctionPool(onPids);
    await Promise.all(Array.from({ length: count }, () => pool.#start()));
    return pool;
  }

  pids(): readonly number[] {
    return [...this.#executors].map(({ child }) => child.pid);
  }

  /** Loads the functions of a state machine everywhere. Rejects with `INVALID_WORKFLOW`. */
  async deploy(machine: string, functions: Program['functions']): Promise<void> {
    this.#machines.set(machine, functions);
    const outcomes = await Promise.allSettled([...this.#executors].map(({ child }) => load(child, machine, functions)));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed === undefined) return;
    await this.remove(machine);
    throw failed.reason;
  }

  async remove(machine: string): Promise<void> {
    this.#machines.delete(machine);
    await Promise.allSettled([...this.#executors].map(({ child }) => child.endpoint.request('DELETE', `/machines/${machine}`, '')));
  }

  /** Calls a function once a process is free. Rejects with a {@link DriverError}; with `CANCELLED` as soon as `signal` fires. */
  invoke(machine: string, name: string, event: string, signal: AbortSignal): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const { timeoutMs, concurrency } = this.#machines.get(machine)?.[name] ?? { timeoutMs: REGROUP_TIMEOUT_MS, concurrency: 1 };
    const call: Call = { path: `/invocations/${++this.#lastId}/${machine}/${name}`, name, event, timeoutMs, concurrency, resolve, reject };
    const cancel = (): void => this.#cancel(call);
    signal.addEventListener('abort', cancel, { once: true });
    this.#queue.push(call);
    this.#dispatch();
    return promise.finally(() => signal.removeEventListener('abort', cancel));
  }

  /** Ends all processes. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#starting);
    await Promise.all([...this.#executors].map(({ child }) => child.kill()));
  }

  #start(): Promise<void> {
    const starting = this.#startOne().finally(() => this.#starting.delete(starting));
    this.#starting.add(starting);
    return starting;
  }

  async #startOne(): Promise<void> {
    const child = await startChild(beside(import.meta.url, 'function-entry'), []);
    await this.#loadAll(child);
    const executor: Executor = { child, calls: new Set() };
    this.#executors.add(executor);
    this.#onPids();
    void child.gone.then(() => this.#gone(executor));
    this.#dispatch();
  }

  /** Others may be deployed meanwhile. One that cannot be loaded is being refused by the processes that are up. */
  async #loadAll(child: Child): Promise<void> {
    const loaded = new Set<string>();
    for (let missing = [...this.#machines]; missing.length > 0; missing = [...this.#machines].filter(([machine]) => !loaded.has(machine))) {
      for (const [machine] of missing) loaded.add(machine);
      await Promise.allSettled(missing.map(([machine, functions]) => load(child, machine, functions)));
    }
  }

  /** A process has ended: another one takes its place. If it cannot, the service ends, which its parent notices. */
  #gone(executor: Executor): void {
    this.#executors.delete(executor);
    this.#onPids();
    if (!this.#isClosed) this.#start().catch(() => process.exit(1));
  }

  #dispatch(): void {
    for (let call = this.#queue[0]; call !== undefined; call = this.#queue[0]) {
      const executor = this.#freeFor(call);
      if (executor === undefined) return;
      this.#queue.shift();
      void this.#run(executor, call);
    }
  }

  /** The process with the fewest calls, if these and `call` allow one more. */
  #freeFor({ concurrency }: Call): Executor | undefined {
    const [least] = [...this.#executors].filter(({ blocking }) => blocking === undefined).sort((a, b) => a.calls.size - b.calls.size);
    if (least === undefined) return undefined;
    const allowed = Math.min(concurrency, ...[...least.calls].map((call) => call.concurrency));
    return least.calls.size < allowed ? least : undefined;
  }

  async #run(executor: Executor, call: Call): Promise<void> {
    const { calls, child } = executor;
    calls.add(call);
    call.executor = executor;
    this.#killAfter(call, call.timeoutMs + GRACE_MS);
    try {
      call.resolve(await child.endpoint.request('POST', call.path, call.event));
    } catch (error) {
      call.reject(error instanceof DriverError ? error : lost(executor, call, error));
    }
    clearTimeout(call.timer);
    calls.delete(call);
    this.#dispatch();
  }

  #killAfter(call: Call, ms: number): void {
    const { executor } = call;
    clearTimeout(call.timer);
    call.timer = setTimeout(
      () => {
        executor!.blocking ??= call;
        void executor!.child.kill();
      },
      Math.min(ms, MAX_TIMER_MS),
    );
  }

  #cancel(call: Call): void {
    const { executor, path, name } = call;
    call.reject(new DriverError('CANCELLED', `function "${name}": its execution was stopped`));
    if (executor === undefined) {
      this.#queue.splice(this.#queue.indexOf(call), 1);
      return;
    }
    this.#killAfter(call, GRACE_MS);
    executor.child.endpoint.request('DELETE', path, '').catch(() => {});
  }
}

async function load({ endpoint }: Child, machine: string, functions: Program['functions']): Promise<void> {
  await endpoint.request('PUT', `/machines/${machine}`, JSON.stringify(functions));
}

function lost({ blocking }: Executor, call: Call, cause: unknown): DriverError {
  const { name, timeoutMs } = call;
  if (blocking === call) {
    return new DriverError('FUNCTION_TIMED_OUT', `function "${name}": expected to end within ${timeoutMs} ms, it blocked its process`);
  }
  const where = name === REGROUP ? 'the regrouping function' : `function "${name}"`;
  return new DriverError('PLATFORM_FAILED', `${where}: expected an answer, its process ended: ${messageOf(cause)}`, { cause });
}
