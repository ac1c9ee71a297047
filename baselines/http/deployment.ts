/** A deployed workflow at its caller: runs under way, events fed, values given out. */
import {
  type Deployment,
  DriverError,
  HOST_CLOCK,
  type Invoked,
  type InvokeOptions,
  type StreamOutput,
} from '../../workloads/api/driver.ts';
import type { Workflow } from '../../workloads/api/workflow.ts';
import { processOf, type Routes } from './compile.ts';
import type { Connection } from './connection.ts';
import { headersOf, type Message, parcelsIn, parseSpans } from './message.ts';
import { openLineage } from './plan.ts';
import { Run } from './run.ts';

/** What a deployment needs of its platform. */
export interface Processes {
  /** Resolves once all processes are up, with connections to them in their order. Rejects once the platform is stopped. */
  ready(): Promise<readonly Connection[]>;
  /** Takes the workflow back from the processes. */
  remove(id: number): Promise<void>;
}

/** Sessions of a stream of which unreturned credit, or a failure, is remembered. */
const STREAM_SESSIONS = 10_000;
/** Parcels of spans that are kept for values of a stream; those of values that never come out are the oldest. */
const STREAM_PARCELS = 1_000;

interface Subscriber {
  readonly listener: (output: StreamOutput) => void;
  readonly failed: (error: DriverError) => void;
}

export class HttpDeployment implements Deployment {
  readonly routes: Routes;
  readonly #id: number;
  readonly #workflow: Workflow;
  readonly #processes: Processes;
  readonly #runs = new Map<string, Run>();
  readonly #subscribers = new Set<Subscriber>();
  /** Sessions of a stream that have failed: what still comes of them is dropped. */
  readonly #failed = new Set<string>();
  readonly #parcels = new Map<string, string>();
  #lastSession = 0;
  #isRemoved = false;

  constructor(id: number, workflow: Workflow, routes: Routes, processes: Processes) {
    this.#id = id;
    this.#workflow = workflow;
    this.routes = routes;
    this.#processes = processes;
  }

  async invoke(input: Uint8Array, options: InvokeOptions = {}): Promise<Invoked> {
    if (this.routes.isStreaming) throw this.#refusal('a workflow without a dependency of app scope, this one is fed');
    const session = this.#openSession(options);
    const run = new Run(this.#workflow.result);
    this.#runs.set(session, run);
    const limits = new Limits(options);
    void limits.ended.then((error) => run.fail(error));
    try {
      this.#send(session, input, this.routes.tracksSessions).catch((error: DriverError) => run.fail(error));
      return await run.result;
    } finally {
      limits.release();
      this.#runs.delete(session);
      if (!run.isGone) void this.#end(session);
    }
  }

  async feed(event: Uint8Array, options: InvokeOptions = {}): Promise<void> {
    if (!this.routes.isStreaming) throw this.#refusal('a workflow with a dependency of app scope, this one is invoked');
    const session = this.#openSession(options);
    const isLimited = options.deadlineMs !== undefined || options.signal !== undefined;
    const isTracked = isLimited || this.routes.tracksSessions;
    // The session's own run tells when there is nothing left to limit.
    const run = isTracked ? this.#track(session) : undefined;
    const limits = new Limits(options);
    run?.result.then(limits.release, limits.release);
    const sent = this.#send(session, event, isTracked).then(
      () => undefined,
      (error: DriverError) => error,
    );
    const refusal = await Promise.race([sent, limits.ended]);
    if (refusal !== undefined) {
      limits.release();
      this.#forget(session);
      throw refusal;
    }
    void limits.ended.then((error) => this.fail(session, error));
  }

  subscribe(listener: Subscriber['listener'], failed: Subscriber['failed'] = () => {}): () => void {
    const subscriber = { listener, failed };
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }

  async remove(): Promise<void> {
    if (this.#isRemoved) return;
    this.#isRemoved = true;
    this.#subscribers.clear();
    this.failAll(new DriverError('CANCELLED', `workflow "${this.#workflow.name}": removed while it ran`));
    await this.#processes.remove(this.#id);
  }

  /** A message came back from a process. */
  value(message: Message, bytes: Uint8Array): void {
    const { session, spans, aside } = message.lineage;
    if (!this.routes.isStreaming) {
      this.#run(session)?.value(message, bytes);
      return;
    }
    this.nothing(message, false);
    if (this.#failed.has(session)) return;
    const parcels = parcelsIn(aside).map((name) => this.#takeParcel(name));
    const output = { ...message.value, bytes, trace: { clock: HOST_CLOCK, spans: parseSpans(parcels.join('') + spans) } };
    for (const { listener } of this.#subscribers) listener(output);
  }

  nothing(message: Message, isKept: boolean): void {
    const { lineage } = message;
    // The run of a stream's session has no trace: its spans went on to where its values did.
    const counted = this.routes.isStreaming ? { ...message, lineage: { ...lineage, spans: '', aside: '' } } : message;
    this.#run(lineage.session)?.nothing(counted, isKept);
  }

  /** Spans have come on their own, in the parcel `name`. A stream keeps them for the value that they led to. */
  spans(session: string, name: string, text: string): void {
    if (!this.routes.isStreaming) {
      this.#run(session)?.spans(text);
      return;
    }
    this.#parcels.set(name, text);
    const [oldest] = this.#parcels.keys();
    if (this.#parcels.size > STREAM_PARCELS) this.#parcels.delete(oldest!);
  }

  fail(session: string, error: DriverError): void {
    this.#runs.get(session)?.fail(error);
    if (!this.routes.isStreaming || this.#failed.has(session)) return;
    this.#failed.add(session);
    const [oldest] = this.#failed;
    if (this.#failed.size > STREAM_SESSIONS) this.#failed.delete(oldest!);
    this.#forget(session);
    this.#tell(error);
  }

  /** Fails all runs under way; of a stream whose sessions are not tracked, nobody knows how many. */
  failAll(error: DriverError): void {
    const sessions = [...this.#runs.keys()];
    if (this.routes.isStreaming && sessions.length === 0) this.#tell(error);
    for (const session of sessions) this.fail(session, error);
  }

  #takeParcel(name: string): string {
    const text = this.#parcels.get(name) ?? '';
    this.#parcels.delete(name);
    return text;
  }

  #tell(error: DriverError): void {
    for (const { failed } of this.#subscribers) failed(error);
  }

  #refusal(expected: string): DriverError {
    return new DriverError('INVALID_WORKFLOW', `workflow "${this.#workflow.name}": expected ${expected}`);
  }

  #openSession({ signal }: InvokeOptions): string {
    if (this.#isRemoved) throw new DriverError('CANCELLED', `workflow "${this.#workflow.name}": expected to be deployed, was removed`);
    if (signal?.aborted) throw new DriverError('CANCELLED', 'cancelled before the call');
    return `${this.#id}.${++this.#lastSession}`;
  }

  /** The run of a session; those that a batch or window opens have one from their first message on. */
  #run(session: string): Run | undefined {
    const known = this.#runs.get(session);
    if (known !== undefined || !this.routes.isStreaming || !this.routes.tracksSessions || this.#failed.has(session)) return known;
    return this.#track(session);
  }

  /** Has a session of a stream a run until all of its credit is back. */
  #track(session: string): Run {
    const run = new Run('all');
    this.#runs.set(session, run);
    const [oldest] = this.#runs.keys();
    if (this.#runs.size > STREAM_SESSIONS) this.#runs.delete(oldest!);
    const forget = (): void => this.#forget(session, run.isGone);
    run.result.then(forget, forget);
    return run;
  }

  /** Remembers a session no more, and has the processes do so unless nothing of it is left there. */
  #forget(session: string, isGone = false): void {
    this.#runs.delete(session);
    if (!isGone) void this.#end(session);
  }

  async #send(session: string, bytes: Uint8Array, isTracked: boolean): Promise<void> {
    const { entry } = this.routes;
    const message: Message = {
      lineage: openLineage(this.routes, entry, session, isTracked),
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
}

/** Deadline and signal of a call. */
class Limits {
  /** Resolves when one of them ends the call; never after the release. */
  readonly ended: Promise<DriverError>;
  /** Ends the watch over both. */
  readonly release: () => void;

  constructor({ deadlineMs, signal }: InvokeOptions) {
    const { promise, resolve } = Promise.withResolvers<DriverError>();
    const end = (code: 'CANCELLED' | 'DEADLINE_EXCEEDED', message: string): void => {
      this.release();
      resolve(new DriverError(code, message));
    };
    const cancel = (): void => end('CANCELLED', 'cancelled by the caller');
    const late = (): void => end('DEADLINE_EXCEEDED', `expected the run to be over within ${deadlineMs} ms, it was not`);
    const timer = deadlineMs === undefined ? undefined : setTimeout(late, deadlineMs);
    signal?.addEventListener('abort', cancel, { once: true });
    this.ended = promise;
    this.release = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
    };
  }
}
