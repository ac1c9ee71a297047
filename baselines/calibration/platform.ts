/** A started calibration platform: calls under way, and its process replaced when a body has blocked it. */
import {
  type Deployment,
  DriverError,
  type DriverErrorCode,
  HOST_CLOCK,
  type Invoked,
  type InvokeOptions,
  type Platform,
} from '../../workloads/api/driver.ts';
import { DEFAULT_TIMEOUT_MS } from '../../workloads/api/run-body.ts';
import { validateWorkflow } from '../../workloads/api/validate.ts';
import type { Workflow } from '../../workloads/api/workflow.ts';
import { type Child, startChild } from './child.ts';
import { compile } from './compile.ts';
import type { Reply, Request } from './messages.ts';

/** How long a run that nobody waits for any more may keep the process from answering. */
const ABANDONED_MS = 500;

/** A request without its id. */
type Question = Request extends infer R ? (R extends { id: number } ? Omit<R, 'id'> : never) : never;

/** A request that is not answered yet. */
interface Open {
  readonly request: Request;
  readonly payload: Uint8Array | undefined;
  readonly resolve: (reply: Reply, payload: Uint8Array) => void;
  readonly reject: (error: DriverError) => void;
  /** For calls: what a body of the workflow may take. */
  readonly timeoutMs?: number;
  isAbandoned?: boolean;
}

/** Requests are answered in order, so the first open call is the one that runs. */
export class CalibrationPlatform implements Platform {
  readonly #args: readonly string[];
  readonly #open = new Map<number, Open>();
  readonly #deployed = new Map<number, Workflow>();
  #child: Child | undefined;
  #starting: Promise<void> | undefined;
  #lastId = 0;
  #watch: NodeJS.Timeout | undefined;
  #isStopped = false;

  private constructor(args: readonly string[]) {
    this.#args = args;
  }

  static async start(args: readonly string[]): Promise<CalibrationPlatform> {
    const platform = new CalibrationPlatform(args);
    await platform.#start();
    return platform;
  }

  pids(): readonly number[] {
    return this.#child === undefined ? [] : [this.#child.pid];
  }

  async deploy(workflow: Workflow): Promise<Deployment> {
    validateWorkflow(workflow);
    compile(workflow);
    const deployment = ++this.#lastId;
    await this.#ask({ type: 'deploy', deployment, workflow });
    this.#deployed.set(deployment, workflow);
    const notFed = (): DriverError => new DriverError('INVALID_WORKFLOW', `workflow "${workflow.name}": expected a call, it cannot be fed`);
    return {
      invoke: (input, options) => this.#invoke(deployment, input, options),
      feed: () => Promise.reject(notFed()),
      subscribe: () => {
        throw notFed();
      },
      remove: () => this.#remove(deployment),
    };
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#watch);
    await this.#starting?.catch(() => {});
    await this.#child?.kill();
    this.#rejectAll('PLATFORM_UNAVAILABLE', 'the platform was stopped');
  }

  async #start(): Promise<void> {
    this.#child = await startChild(
      this.#args,
      (reply, payload) => this.#answered(reply, payload),
      () => void this.#gone(),
    );
  }

  async #remove(deployment: number): Promise<void> {
    if (!this.#deployed.delete(deployment) || this.#isStopped) return;
    for (const [id, { request }] of this.#open) {
      if (request.type === 'invoke' && request.deployment === deployment) this.#abandon(id, 'CANCELLED', 'the workflow was removed');
    }
    await this.#ask({ type: 'remove', deployment });
  }

  async #invoke(deployment: number, input: Uint8Array, { deadlineMs, signal }: InvokeOptions = {}): Promise<Invoked> {
    const workflow = this.#deployed.get(deployment);
    if (workflow === undefined) throw new DriverError('CANCELLED', 'expected a deployed workflow, it was removed');
    if (signal?.aborted) throw new DriverError('CANCELLED', 'cancelled before the call');
    const timeoutMs = Math.max(...Object.values(workflow.functions).map((spec) => spec.timeoutMs ?? DEFAULT_TIMEOUT_MS));
    const id = this.#lastId + 1;
    const cancel = (): void => this.#abandon(id, 'CANCELLED', 'cancelled by the caller');
    const timer =
      deadlineMs === undefined
        ? undefined
        : setTimeout(() => this.#abandon(id, 'DEADLINE_EXCEEDED', `expected a result within ${deadlineMs} ms, got none`), deadlineMs);
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await this.#ask({ type: 'invoke', deployment }, input, timeoutMs);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
    }
  }

  #ask(question: Question, payload?: Uint8Array, timeoutMs?: number): Promise<Invoked> {
    if (this.#isStopped) return Promise.reject(new DriverError('PLATFORM_UNAVAILABLE', 'expected a started platform, it was stopped'));
    const request: Request = { ...question, id: ++this.#lastId };
    return new Promise((resolve, reject) => {
      const open: Open = {
        request,
        payload,
        resolve: (reply, bytes) => resolve(invokedOf(reply, bytes)),
        reject,
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
      };
      this.#open.set(request.id, open);
      this.#child?.send(request, payload);
      if (this.#running()?.[0] === request.id) this.#watchRunning();
    });
  }

  /** Settles a call for its caller; it stays open until the process is done with it. */
  #abandon(id: number, code: DriverErrorCode, message: string): void {
    const open = this.#open.get(id);
    if (open === undefined || open.isAbandoned) return;
    open.isAbandoned = true;
    open.reject(new DriverError(code, message));
    this.#child?.send({ type: 'cancel', id });
    if (this.#running()?.[0] === id) this.#watchRunning();
  }

  #answered(reply: Reply, payload: Uint8Array): void {
    const open = this.#open.get(reply.id);
    if (open === undefined) return;
    this.#open.delete(reply.id);
    if (open.timeoutMs !== undefined) this.#watchRunning();
    if (reply.type === 'failed') open.reject(new DriverError(reply.code, reply.message));
    else open.resolve(reply, payload);
  }

  /** The call that the process is at. */
  #running(): readonly [number, Open] | undefined {
    for (const entry of this.#open) if (entry[1].timeoutMs !== undefined) return entry;
    return undefined;
  }

  /** After the time that a body may take, asks for a sign of life; without one after as long again, replaces the process. */
  #watchRunning(): void {
    clearTimeout(this.#watch);
    const running = this.#running();
    if (running === undefined) return;
    const [id, { timeoutMs, isAbandoned }] = running;
    const graceMs = isAbandoned ? Math.min(ABANDONED_MS, timeoutMs!) : timeoutMs!;
    this.#watch = setTimeout(() => {
      const ping = ++this.#lastId;
      const replace = (): void => {
        this.#open.delete(ping);
        this.#abandon(id, 'FUNCTION_TIMED_OUT', `expected every function to end within ${timeoutMs} ms, one has blocked the process`);
        void this.#child?.kill();
      };
      this.#watch = setTimeout(replace, graceMs);
      const request: Request = { type: 'ping', id: ping };
      this.#open.set(ping, { request, payload: undefined, resolve: () => this.#watchRunning(), reject: () => {} });
      this.#child?.send(request);
    }, graceMs);
  }

  /** The process has ended: the call that it was at fails, all others are sent again to a new one. */
  async #gone(): Promise<void> {
    this.#child = undefined;
    clearTimeout(this.#watch);
    if (this.#isStopped) return;
    const running = this.#running();
    if (running !== undefined) {
      this.#abandon(running[0], 'PLATFORM_FAILED', 'the process ended while it ran the workflow');
      this.#open.delete(running[0]);
    }
    try {
      this.#starting = this.#start();
      await this.#starting;
    } catch {
      this.#isStopped = true;
      this.#rejectAll('PLATFORM_UNAVAILABLE', 'the process ended and could not be started again');
      return;
    }
    for (const [deployment, workflow] of this.#deployed) this.#child!.send({ type: 'deploy', id: 0, deployment, workflow });
    for (const [id, { request, payload, isAbandoned }] of this.#open) {
      if (isAbandoned || request.type === 'ping') this.#open.delete(id);
      else this.#child!.send(request, payload);
    }
    this.#watchRunning();
  }

  #rejectAll(code: DriverErrorCode, message: string): void {
    for (const { reject } of this.#open.values()) reject(new DriverError(code, message));
    this.#open.clear();
  }
}

function invokedOf(reply: Reply, payload: Uint8Array): Invoked {
  if (reply.type !== 'result') return { outputs: [], trace: { clock: HOST_CLOCK, spans: [] } };
  let at = 0;
  const outputs = reply.outputs.map(({ size, ...head }) => {
    at += size;
    return { ...head, bytes: payload.subarray(at - size, at) };
  });
  const { spans, injectedNs } = reply;
  return { outputs, trace: { clock: HOST_CLOCK, spans, ...(injectedNs === undefined ? {} : { injectedNs }) } };
}
