/** A deployed workflow at its caller: runs under way, events fed, values given out. */
import {
  type Deployment,
  DriverError,
  HOST_CLOCK,
  type Invoked,
  type InvokeOptions,
  type StreamOutput,
} from '../../workloads/api/driver.ts';
import { isStreaming } from '../../workloads/api/graph.ts';
import type { Workflow } from '../../workloads/api/workflow.ts';
import { processOf, type Routes } from './compile.ts';
import type { Connection } from './connection.ts';
import { headersOf, type Message, parseSpans } from './message.ts';
import { openLineage } from './plan.ts';
import { Run } from './run.ts';

/** What a deployment needs of its platform. */
export interface Processes {
  /** Resolves once all processes are up, with connections to them in their order. Rejects once the platform is stopped. */
  ready(): Promise<readonly Connection[]>;
  /** Takes the workflow back from the processes. */
  remove(id: number): Promise<void>;
}

/** Sessions of a stream of which spans, or unreturned credit, are remembered. */
const STREAM_SESSIONS = 10_000;

export class HttpDeployment implements Deployment {
  readonly routes: Routes;
  readonly #id: number;
  readonly #workflow: Workflow;
  readonly #processes: Processes;
  readonly #runs = new Map<string, Run>();
  readonly #listeners = new Set<(output: StreamOutput) => void>();
  readonly #isStreaming: boolean;
  #lastSession = 0;
  #isRemoved = false;

  constructor(id: number, workflow: Workflow, routes: Routes, processes: Processes) {
    this.#id = id;
    this.#workflow = workflow;
    this.routes = routes;
    this.#processes = processes;
    this.#isStreaming = isStreaming(workflow);
  }

  async invoke(input: Uint8Array, options: InvokeOptions = {}): Promise<Invoked> {
    if (this.#isStreaming) throw this.#refusal('a workflow without a dependency of app scope, this one is fed');
    const session = this.#openSession(options);
    const run = new Run(this.#workflow.result);
    this.#runs.set(session, run);
    try {
      const sending = this.#send(session, input);
      sending.catch((error: DriverError) => run.fail(error));
      return await this.#withLimits(options, run.result, (error) => run.fail(error));
    } finally {
      this.#runs.delete(session);
      if (!run.isGone) void this.#end(session);
    }
  }

  async feed(event: Uint8Array, options: InvokeOptions = {}): Promise<void> {
    if (!this.#isStreaming) throw this.#refusal('a workflow with a dependency of app scope, this one is invoked');
    const session = this.#openSession(options);
    await this.#withLimits(options, this.#send(session, event), () => void this.#end(session));
  }

  subscribe(listener: (output: StreamOutput) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async remove(): Promise<void> {
    if (this.#isRemoved) return;
    this.#isRemoved = true;
    this.failAll(new DriverError('CANCELLED', `workflow "${this.#workflow.name}": removed while it ran`));
    await this.#processes.remove(this.#id);
  }

  /** A message came back from a process. */
  value(message: Message, bytes: Uint8Array): void {
    const { session, spans } = message.lineage;
    const run = this.#run(session);
    run?.value(message, bytes);
    const output = { ...message.value, bytes, trace: { clock: HOST_CLOCK, spans: parseSpans(spans) } };
    for (const listener of this.#listeners) listener(output);
  }

  nothing(message: Message, isKept: boolean): void {
    this.#run(message.lineage.session)?.nothing(message, isKept);
  }

  spans(session: string, text: string): void {
    this.#run(session)?.spans(text);
  }

  fail(session: string, error: DriverError): void {
    this.#runs.get(session)?.fail(error);
    if (this.#isStreaming) void this.#end(session);
  }

  /** Fails all runs under way. */
  failAll(error: DriverError): void {
    for (const run of this.#runs.values()) run.fail(error);
  }

  #refusal(expected: string): DriverError {
    return new DriverError('INVALID_WORKFLOW', `workflow "${this.#workflow.name}": expected ${expected}`);
  }

  #openSession({ signal }: InvokeOptions): string {
    if (this.#isRemoved) throw new DriverError('CANCELLED', `workflow "${this.#workflow.name}": expected to be deployed, was removed`);
    if (signal?.aborted) throw new DriverError('CANCELLED', 'cancelled before the call');
    return `${this.#id}.${++this.#lastSession}`;
  }

  /** The run of a session; sessions of a stream have one from the first message on, until all their credit is back. */
  #run(session: string): Run | undefined {
    const known = this.#runs.get(session);
    if (known !== undefined || !this.#isStreaming || !this.routes.tracksSessions) return known;
    const run = new Run('all');
    this.#runs.set(session, run);
    const [oldest] = this.#runs.keys();
    if (this.#runs.size > STREAM_SESSIONS) this.#runs.delete(oldest!);
    const forget = (): void => {
      this.#runs.delete(session);
      void this.#end(session);
    };
    run.result.then(forget, forget);
    return run;
  }

  async #send(session: string, bytes: Uint8Array): Promise<void> {
    const { entry } = this.routes;
    const message: Message = {
      lineage: openLineage(this.routes, entry, session),
      value: { from: '', key: '', group: '' },
      hasValue: true,
    };
    const processes = await this.#processes.ready();
    await processes[processOf(this.routes, entry, 0)]!.send('POST', `/call/${this.#id}/${entry}`, headersOf(message), bytes);
  }

  /** Has every process forget a session. One that is gone, or going, has forgotten it already. */
  async #end(session: string): Promise<void> {
    if (this.#isRemoved) return;
    const processes = await this.#processes.ready().catch(() => []);
    await Promise.allSettled(processes.map((process) => process.send('DELETE', `/session/${session}`, {}, null)));
  }

  async #withLimits<T>({ deadlineMs, signal }: InvokeOptions, call: Promise<T>, onEnd: (error: DriverError) => void): Promise<T> {
    let end!: (error: DriverError) => void;
    const ended = new Promise<never>((_, reject) => {
      end = (error) => {
        reject(error);
        onEnd(error);
      };
    });
    const cancel = (): void => end(new DriverError('CANCELLED', 'cancelled by the caller'));
    const late = (): void => end(new DriverError('DEADLINE_EXCEEDED', `expected a result within ${deadlineMs} ms, got none`));
    const timer = deadlineMs === undefined ? undefined : setTimeout(late, deadlineMs);
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await Promise.race([call, ended]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
    }
  }
}
