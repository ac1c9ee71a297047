/** One workflow in one process: takes messages, runs bodies, sends on what they emit. */
import { DriverError } from '../../workloads/api/driver.ts';
import { loadBody, runBody, messageOf as textOf } from '../../workloads/api/run-body.ts';
import type { FunctionBody, Input } from '../../workloads/api/workflow.ts';
import type { Routes } from './compile.ts';
import type { Connection } from './connection.ts';
import { SESSION } from './credit.ts';
import type { Executor } from './executor.ts';
import { Joins } from './joins.ts';
import { formatSpan, headersOf, type Item, type Lineage, type Message } from './message.ts';
import { decodeParts, encodeParts } from './parts.ts';
import { type Outgoing, openLineage, planEnded, planNothing } from './plan.ts';
import type { Watchdog } from './watchdog.ts';

/** What the workflows of a process share. */
export interface Host {
  /** Position among the processes. */
  readonly process: number;
  readonly executor: Executor;
  readonly watchdog: Watchdog;
  readonly peers: readonly Connection[];
  /** The driver's reply server. */
  readonly caller: Connection;
}

/** Spans longer than this, as text, are sent to the caller on their own rather than carried from function to function. */
const SPANS_CHARS = 1_000;
/** The same for a message to the caller itself: what a header may hold, with room for the rest. */
const LAST_SPANS_CHARS = 500_000;
/** How many sessions that were ended early are remembered, to turn away what is still on its way for them. */
const ENDED_SESSIONS = 10_000;

export class Service {
  readonly #id: number;
  readonly #routes: Routes;
  readonly #host: Host;
  readonly #bodies: ReadonlyMap<string, FunctionBody>;
  readonly #joins: Joins;
  /** Sessions with invocations queued or under way here. */
  readonly #sessions = new Map<string, { readonly controller: AbortController; invocations: number }>();
  readonly #ended = new Set<string>();
  #opened = 0;

  private constructor(id: number, routes: Routes, host: Host, bodies: ReadonlyMap<string, FunctionBody>) {
    this.#id = id;
    this.#routes = routes;
    this.#host = host;
    this.#bodies = bodies;
    this.#joins = new Joins(routes, {
      start: (fn, inputs, lineage) => this.#start(fn, inputs, lineage, undefined),
      giveBack: (fn, lineage, isKept) => this.#send(planNothing(routes, fn, lineage), isKept),
      openSession: (fn) => openLineage(routes, fn, `${id}.${host.process}-${++this.#opened}`, routes.tracksSessions),
    });
  }

  /** Loads the bodies. Rejects with `INVALID_WORKFLOW`. */
  static async load(id: number, routes: Routes, host: Host): Promise<Service> {
    const loading = Object.entries(routes.functions).map(async ([name, { spec }]) => [name, await loadBody(name, spec)] as const);
    return new Service(id, routes, host, new Map(await Promise.all(loading)));
  }

  /** Start `fn` with the value of a message. */
  call(fn: string, message: Message, bytes: Uint8Array): void {
    this.#start(fn, [{ ...message.value, bytes }], message.lineage, message.item);
  }

  /** A value, or the lack of one, for a join that is kept here. */
  join(dependency: number, message: Message, bytes: Uint8Array): void {
    if (!this.#ended.has(message.lineage.session)) this.#joins.arrive(dependency, message, bytes);
  }

  /** What one source has for the groups that are kept here. */
  group(dependency: number, message: Message, body: Uint8Array): void {
    const inputs = decodeParts(body).map((part): Input => ({ from: message.value.from, ...part }));
    if (!this.#ended.has(message.lineage.session)) this.#joins.arriveFromSource(dependency, message, inputs);
  }

  /** Ends a session early: aborts what runs, drops what waits. */
  end(session: string): void {
    this.#ended.add(session);
    const [oldest] = this.#ended;
    if (this.#ended.size > ENDED_SESSIONS) this.#ended.delete(oldest!);
    this.#sessions.get(session)?.controller.abort();
    this.#joins.drop(session);
  }

  close(): void {
    for (const session of this.#sessions.keys()) this.end(session);
    this.#joins.close();
  }

  #start(fn: string, inputs: readonly Input[], lineage: Lineage, item: Item | undefined): void {
    if (this.#ended.has(lineage.session)) return;
    const session = this.#sessions.get(lineage.session) ?? { controller: new AbortController(), invocations: 0 };
    this.#sessions.set(lineage.session, session);
    session.invocations++;
    this.#host.executor.submit(this.#routes.functions[fn]!.concurrency, async () => {
      const { signal } = session.controller;
      if (!signal.aborted) await this.#run(fn, inputs, lineage, item, signal);
      if (--session.invocations === 0) this.#sessions.delete(lineage.session);
    });
  }

  async #run(fn: string, inputs: readonly Input[], lineage: Lineage, item: Item | undefined, signal: AbortSignal): Promise<void> {
    const { rule, timeoutMs } = this.#routes.functions[fn]!;
    const { session } = lineage;
    const over = this.#host.watchdog.watch({ session, fn, timeoutMs });
    try {
      const { emitted, span } = await runBody(this.#bodies.get(fn)!, {
        name: fn,
        inputs,
        rule,
        timeoutMs,
        signal,
        allocate: Buffer.allocUnsafe,
      });
      over();
      const instance = `${this.#host.process}-${++this.#opened}`;
      const ended = { fn, lineage: { ...lineage, spans: lineage.spans + formatSpan(span) }, item, emitted, instance };
      if (!signal.aborted) this.#send(planEnded(this.#routes, ended), false);
    } catch (error) {
      over();
      if (!signal.aborted) this.#fail(session, error);
    }
  }

  #send(messages: readonly Outgoing[], isKept: boolean): void {
    for (const outgoing of messages) {
      this.#sendOne(outgoing, isKept).catch((error: unknown) => this.#fail(outgoing.message.lineage.session, error));
    }
  }

  #sendOne({ destination: to, message, values }: Outgoing, isKept: boolean): Promise<void> {
    const { peers, caller } = this.#host;
    const bytes = values[0]?.bytes ?? null;
    switch (to.kind) {
      case 'call':
        return this.#toPeer(peers[to.process]!, `/call/${this.#id}/${to.fn}`, message, bytes);
      case 'join':
        return this.#toPeer(peers[to.process]!, `/join/${this.#id}/${to.dependency}`, message, bytes);
      case 'group':
        return this.#toPeer(peers[to.process]!, `/group/${this.#id}/${to.dependency}`, message, encodeParts(values));
      case 'value':
        return this.#toCaller(message, bytes);
      case 'nothing': {
        if (!message.lineage.credits.has(SESSION)) return Promise.resolve();
        const headers = headersOf(message);
        if (isKept) headers['x-kept'] = '1';
        return caller.send('POST', '/nothing', headers, null);
      }
    }
  }

  /** Sends to another function; a trace that has grown long goes to the caller, on its own. */
  async #toPeer(peer: Connection, path: string, message: Message, bytes: Uint8Array | null): Promise<void> {
    const { sent, lighter } = this.#setSpansAside(message, SPANS_CHARS);
    // Of a stream nobody waits for parcels: they have to be there before the value is.
    if (this.#routes.isStreaming) await sent;
    await Promise.all([sent, peer.send('POST', path, headersOf(lighter), bytes)]);
  }

  async #toCaller(message: Message, bytes: Uint8Array | null): Promise<void> {
    const { sent, lighter } = this.#setSpansAside(message, LAST_SPANS_CHARS);
    await sent;
    await this.#host.caller.send('POST', '/value', headersOf(lighter), bytes);
  }

  /** Sends the spans to the caller in a parcel if they are more than `limitChars`; returns the message without them. */
  #setSpansAside(message: Message, limitChars: number): { readonly sent: Promise<void> | undefined; readonly lighter: Message } {
    const { lineage } = message;
    if (lineage.spans.length <= limitChars) return { sent: undefined, lighter: message };
    const parcel = `${this.#host.process}-${++this.#opened}`;
    const headers = { 'x-session': lineage.session, 'x-spans-aside': parcel };
    const sent = this.#host.caller.send('POST', '/spans', headers, Buffer.from(lineage.spans));
    return { sent, lighter: { ...message, lineage: { ...lineage, spans: '', aside: `${lineage.aside}${parcel};` } } };
  }

  #fail(session: string, error: unknown): void {
    const code = error instanceof DriverError ? error.code : 'PLATFORM_FAILED';
    // If the caller is gone there is nobody left to tell.
    this.#host.caller.send('POST', '/error', { 'x-session': session, 'x-code': code }, Buffer.from(textOf(error))).catch(() => {});
  }
}
