/** A deployed workflow at its caller: runs under way, events fed, values given out. */
import {
  type Deployment,
  DriverError,
  HOST_CLOCK,
  type Invoked,
  type InvokeOptions,
  type StreamOutput,
} from '../../workloads/api/driver.ts';
import type { Served } from './compile.ts';
import { type Call, checkSize, type Ended, PAYLOAD_LIMIT_BYTES } from './envelope.ts';
import { fromStatus } from './errors.ts';
import type { RestateHttp, Target } from './http.ts';
import { Session } from './session.ts';
import type { FailedMessage } from './subscribers.ts';
import type { BlockedReport } from './watchdog.ts';

/** What a deployment needs of its platform. */
export interface Deployed extends Served {
  readonly id: number;
  readonly name: string;
  readonly http: RestateHttp;
  /** Takes the workflow back from the processes. */
  readonly remove: () => Promise<void>;
}

/** How often, and how long after each other, an invocation is looked for that Restate may not have recorded yet. */
const LOOKS = 20;
const LOOK_MS = 25;

interface Listener {
  readonly value: (output: StreamOutput) => void;
  readonly failed: ((error: DriverError) => void) | undefined;
}

export class RestateDeployment implements Deployment {
  readonly #deployed: Deployed;
  /** Runs, and fed events with a deadline or a signal. */
  readonly #sessions = new Map<string, Session>();
  /** Why sessions of fed events are being cancelled. */
  readonly #reasons = new Map<string, DriverError>();
  readonly #listeners = new Set<Listener>();
  #lastSession = 0;
  #removal: Promise<void> | undefined;

  constructor(deployed: Deployed) {
    this.#deployed = deployed;
  }

  async invoke(input: Uint8Array, options: InvokeOptions = {}): Promise<Invoked> {
    if (this.#deployed.program.isStreaming) throw this.#refusal('a workflow without a dependency of app scope, this one is fed');
    const { target, call, session } = this.#open(input, options);
    try {
      const { values, spans } = await Promise.race([this.#deployed.http.run(target, call), session.failed]);
      return { outputs: values, trace: { clock: HOST_CLOCK, spans } };
    } catch (error) {
      if (isLimit(error)) void this.#cancel(target).catch(() => {});
      throw error;
    } finally {
      this.#close(target.key);
    }
  }

  async feed(event: Uint8Array, options: InvokeOptions = {}): Promise<void> {
    if (!this.#deployed.program.isStreaming) throw this.#refusal('a workflow with a dependency of app scope, this one is invoked');
    const { target, call, session } = this.#open(event, options);
    const { http } = this.#deployed;
    const accepted = http.send(target, call);
    try {
      const invocation = await Promise.race([accepted, session.failed]);
      if (!call.isWatched) return this.#close(target.key);
      // Whether it comes in time, the session itself tells: as one that was cancelled.
      session.failed.catch((error: DriverError) => {
        this.#reasons.set(target.key, error);
        http.stop(invocation, 'cancel').catch(() => {});
      });
    } catch (error) {
      this.#close(target.key);
      accepted.then((invocation) => http.stop(invocation, 'cancel')).catch(() => {});
      throw error;
    }
  }

  subscribe(value: (output: StreamOutput) => void, failed?: (error: DriverError) => void): () => void {
    const listener: Listener = { value, failed };
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  remove(): Promise<void> {
    this.#removal ??= this.#remove();
    return this.#removal;
  }

  /** Values of a streaming workflow. */
  values({ values, spans }: Ended): void {
    const trace = { clock: HOST_CLOCK, spans };
    for (const value of values) for (const listener of this.#listeners) listener.value({ ...value, trace });
  }

  /** A session of a streaming workflow has failed. */
  failed({ run, status, message }: FailedMessage): void {
    const error = fromStatus(status, message);
    const reason = this.#reasons.get(run);
    this.over(run);
    // Only the caller cancels. Where no reason is known, it was told already, or the workflow is being taken back.
    if (error.code !== 'CANCELLED') this.#tell(error);
    else if (reason !== undefined) this.#tell(reason);
  }

  /** The session of a fed event is over. */
  over(run: string): void {
    this.#reasons.delete(run);
    this.#close(run);
  }

  /** A function did not give its process back: the run would do so again and again. */
  blocked({ run, root, fn, timeoutMs }: BlockedReport): void {
    const error = new DriverError('FUNCTION_TIMED_OUT', `function "${fn}": expected to end within ${timeoutMs} ms, it blocked its process`);
    this.#deployed.http.stop(root, 'kill').catch(() => {});
    if (this.#deployed.program.isStreaming) this.#tell(error);
    this.#sessions.get(run)?.fail(error);
    this.over(run);
  }

  /** Fails all that is under way. */
  failAll(error: DriverError): void {
    for (const session of this.#sessions.values()) session.fail(error);
    this.#sessions.clear();
    if (error.code === 'PLATFORM_FAILED') this.#tell(error);
  }

  #tell(error: DriverError): void {
    for (const { failed } of this.#listeners) failed?.(error);
  }

  #refusal(expected: string): DriverError {
    return new DriverError('INVALID_WORKFLOW', `workflow "${this.#deployed.name}": expected ${expected}`);
  }

  #open(bytes: Uint8Array, options: InvokeOptions): { readonly target: Target; readonly call: Call; readonly session: Session } {
    const { id, name, style, names, program } = this.#deployed;
    if (this.#removal !== undefined) throw new DriverError('CANCELLED', `workflow "${name}": expected to be deployed, was removed`);
    if (options.signal?.aborted) throw new DriverError('CANCELLED', 'cancelled before the call');
    checkSize('the input', [{ bytes }], PAYLOAD_LIMIT_BYTES);
    const key = `${id}-${++this.#lastSession}`;
    const isWatched = options.deadlineMs !== undefined || options.signal !== undefined;
    const call: Call = { run: key, root: '', fn: program.entry, inputs: [{ from: '', key: '', group: '', bytes }], isWatched };
    const session = new Session(options);
    this.#sessions.set(key, session);
    return { target: { service: names.orchestrator, key, isKeyed: style === 'steps' }, call, session };
  }

  #close(key: string): void {
    this.#sessions.get(key)?.close();
    this.#sessions.delete(key);
  }

  /** Cancels a run of which Restate alone knows the invocation. */
  async #cancel({ service, key, isKeyed }: Target): Promise<void> {
    const { http } = this.#deployed;
    for (let look = 0; look < LOOKS; look++) {
      const column = isKeyed ? 'target_service_key' : 'idempotency_key';
      const [invocation] = await http.underWay(`target_service_name = '${service}' AND ${column} = '${key}'`);
      if (invocation !== undefined) return http.stop(invocation, 'cancel');
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  async #remove(): Promise<void> {
    const { name, names, http, remove } = this.#deployed;
    for (const session of this.#sessions.values()) session.fail(new DriverError('CANCELLED', `workflow "${name}": removed while it ran`));
    this.#sessions.clear();
    this.#listeners.clear();
    // What was cancelled may still be ending, and windows may be open.
    const services = [names.orchestrator, names.functions, names.gatherer].map((service) => `'${service}'`);
    const underWay = await http.underWay(`target_service_name IN (${services.join(', ')})`).catch(() => []);
    await Promise.allSettled(underWay.map((invocation) => http.stop(invocation, 'kill')));
    await remove();
  }
}

function isLimit(error: unknown): boolean {
  return error instanceof DriverError && (error.code === 'CANCELLED' || error.code === 'DEADLINE_EXCEEDED');
}
