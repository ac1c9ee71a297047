/** The node as guest of sessions whose home is another one: it runs what it is given, and reports what comes of it. */
import { type ErrorCode, PheromoneError } from '../../core/errors.ts';
import type { Caller } from '../../door/service.ts';
import { hostNowNs } from '../../executor/clock.ts';
import { EXPECTED, FAILED, FIND, OUTPUT, type Report, SENT, START, STARTED } from '../../executor/reports.ts';
import { Wish } from '../../executor/wish.ts';
import type { ObjectHead, PeerReport, PeerRequest, Run } from '../../wire/peer-messages.ts';
import type { HomeConnection } from '../../wire/peer-protocol.ts';
import type { App } from '../apps.ts';
import { failureIn, inputsOf } from '../report-handler.ts';
import type { NodeParts } from '../scheduler.ts';
import type { SessionState } from '../sessions.ts';
import type { GuestRole } from '../spread-state.ts';
import { type Started, type StartedRun, workOf } from '../started-runs.ts';
import type { AbsentObjects } from './absent-objects.ts';
import type { Patience } from './link.ts';
import type { ServedObjects } from './served-objects.ts';

/** A guest's sessions have nobody here who waits for them. */
const NO_CALLER: Caller = { answered: (_outputs, _bytes, _trace, release) => release(), failed: () => {} };

export interface GuestParts {
  /** When a home whose sessions are here is taken for lost. */
  readonly patience: Patience;
  readonly node: NodeParts;
  readonly absent: AbsentObjects;
  readonly served: ServedObjects;
  /** Whether this node can run a function of an app itself. */
  runsHere(session: SessionState, fn: number): boolean;
  /** The session's home does not answer for an object that an executor waits for: `wish` is its. */
  onWish(session: SessionState, bucket: number, wish: number, ask: (id: number, key: string) => void): void;
  /** The session has ended here: its home is done with it, or gone. */
  onEnd(session: SessionState): void;
  onFound(session: SessionState, message: PeerRequest & { readonly type: 'found' }, payload: Uint8Array, from: string): void;
}

/** One connection from another node: its sessions here end with it. */
export class GuestSide {
  readonly #home: string;
  readonly #connection: HomeConnection;
  readonly #parts: GuestParts;
  readonly #sessions = new Map<number, SessionState>();

  constructor(home: string, connection: HomeConnection, parts: GuestParts) {
    this.#home = home;
    this.#connection = connection;
    this.#parts = parts;
    connection.onClose(() => {
      for (const session of this.#sessions.values()) (session.guest as HostedSession).drop(session);
    });
    // A home that is cut off does not say that it is gone.
    connection.keepAlive({ ...parts.patience, isBusy: () => this.#sessions.size > 0 });
    connection.onMessage((message, payload) => this.#receive(message, payload));
  }

  #receive(message: PeerRequest, payload: Uint8Array): void {
    if (message.type === 'fetch') {
      this.#parts.served.answer(message, this.#sessionNamed(message.home, message.session), this.#connection);
      return;
    }
    if (message.type === 'run') {
      this.#run(message, payload);
      return;
    }
    const session = this.#sessions.get(message.session);
    if (message.type === 'look') {
      this.#parts.served.look(message, session, this.#connection);
      return;
    }
    if (session === undefined) return;
    if (message.type === 'abort') this.#parts.node.host.abort(session);
    else if (message.type === 'drop') (session.guest as HostedSession).drop(session);
    else this.#parts.onFound(session, message, payload, this.#home);
  }

  #run(run: Run, payload: Uint8Array): void {
    const { publisher } = this.#parts.node;
    try {
      const known = this.#sessions.get(run.session);
      const app = known?.app ?? this.#parts.node.apps.version(run.app, run.version);
      expectRunnable(app, run);
      const session = known ?? this.#open(app, run);
      const { inputs, inputCount } = this.#takeIn(session, run.objects, payload);
      const started = { fn: run.fn, inputs, inputCount };
      (session.guest as HostedSession).credit(session, started, run.first);
      publisher.begin(session, started, run.attempt);
    } catch (error) {
      if (!(error instanceof PheromoneError)) throw error;
      const { code, message } = error;
      this.#connection.send({ type: 'run-refused', session: run.session, sequence: run.sequence, code, message });
    }
  }

  #open(app: App, { session: id, traced }: Run): SessionState {
    const { sessions, table } = this.#parts.node;
    const role = new HostedSession(this.#home, id, this.#connection, this.#parts, () => this.#sessions.delete(id));
    const session = sessions.open(app, NO_CALLER, traced, role);
    table.spread(session.slot);
    this.#parts.served.host(session);
    this.#sessions.set(id, session);
    return session;
  }

  #takeIn(session: SessionState, heads: readonly ObjectHead[], payload: Uint8Array): { inputs: number; inputCount: number } {
    let at = 0;
    const refs = heads.map((head) => {
      const carried = head.node === '' ? payload.subarray(at, at + head.size) : undefined;
      at += carried?.length ?? 0;
      return this.#parts.absent.adopt(session, head, carried, this.#home);
    });
    const { objects } = this.#parts.node;
    const inputs = refs.length === 1 ? (refs[0] as number) : objects.addList(session.slot, session.epoch, refs);
    return { inputs, inputCount: refs.length };
  }

  #sessionNamed(home: string, id: number): SessionState | undefined {
    return this.#parts.served.sessionNamed(home, id);
  }
}

/** Throws where a run is not one of the app of its session. */
function expectRunnable({ plan, version }: App, run: Run): void {
  if (plan.name !== run.app || version !== run.version)
    throw new PheromoneError('UNKNOWN_APP', `expected a run of app "${plan.name}", version ${version}, got "${run.app}", ${run.version}`);
  if (plan.functions[run.fn] === undefined)
    throw new PheromoneError('UNKNOWN_FUNCTION', `app "${run.app}": expected function ${run.fn} to exist`);
}

/** A session here whose home is at the other end of the connection. */
class HostedSession implements GuestRole<SessionState> {
  readonly home: string;
  readonly session: number;
  readonly #connection: HomeConnection;
  readonly #parts: GuestParts;
  readonly #forget: () => void;
  /** By watch set: runs that were given and are not over. */
  readonly #credits: number[] = [];
  /** The home's numbers for the first runs of invocations that run again here, by what these are started with. */
  readonly #firsts = new Map<string, number>();
  #isDropped = false;

  constructor(home: string, session: number, connection: HomeConnection, parts: GuestParts, forget: () => void) {
    this.home = home;
    this.session = session;
    this.#connection = connection;
    this.#parts = parts;
    this.#forget = forget;
  }

  /** A run was accepted; `first`: the home's number for the first of its invocation, or -1. */
  credit({ app }: SessionState, started: Started, first: number): void {
    const { fn } = started;
    if (first >= 0) this.#firsts.set(workOf(fn, inputsOf(this.#parts.node.objects, started)), first);
    for (const set of app.plan.functions[fn]?.watchSets ?? []) this.#credits[set] = (this.#credits[set] ?? 0) + 1;
  }

  reported(state: SessionState, { type, ref, fn }: Report, run: StartedRun | undefined): void {
    switch (type) {
      case SENT:
        this.#onSent(state, ref, run);
        break;
      case OUTPUT:
        this.#onOutput(state, ref, run);
        break;
      case EXPECTED:
        this.#onExpected(ref, fn, run);
        break;
      case FAILED:
        this.#onFailed(state, ref, run);
        break;
      case STARTED:
        if (run !== undefined) this.#onStarted(state, run);
        break;
      case START:
        this.#onStart(state, fn, ref);
        break;
      case FIND:
        // Asked just before the session was dropped: nobody is there to answer.
        if (this.#isDropped) new Wish(this.#parts.node.objects.payload(ref)).fail();
        else this.#parts.onWish(state, fn, ref, (id, key) => this.#tell({ type: 'find', id, session: this.session, bucket: fn, key }));
        break;
    }
  }

  failed(_state: SessionState, code: ErrorCode, message: string, invocation = -1): void {
    this.#tell({ type: 'invocation-failed', session: this.session, invocation, code, message });
  }

  sourcesDone(_state: SessionState, set: number): void {
    this.#giveBack(set);
  }

  quiet(state: SessionState): void {
    if (this.#isDropped) {
      this.#end(state);
      return;
    }
    this.#sendTrace(state);
    this.#giveBack(0);
  }

  /** The home is done with the session, or gone. */
  drop(state: SessionState): void {
    if (this.#isDropped) return;
    this.#isDropped = true;
    this.#forget();
    this.#parts.onEnd(state);
    const { host, table } = this.#parts.node;
    if (table.counter(state.slot, 0) === 0) this.#end(state);
    else host.abort(state);
  }

  #end(state: SessionState): void {
    this.#parts.served.unhost(state);
    this.#parts.node.host.release(state);
  }

  #onSent(state: SessionState, ref: number, run: StartedRun | undefined): void {
    const { objects, host } = this.#parts.node;
    const bucket = state.app.plan.buckets[objects.bucket(ref)];
    if (bucket === undefined) return;
    if (bucket.stateful.length > 0) {
      const { head, bytes } = this.#parts.absent.describe(state, ref);
      this.#tell({ type: 'sent', session: this.session, sender: run?.invocation ?? -1, object: head }, bytes);
    }
    if (bucket.appStateful.length > 0) host.spread?.appObjectSent(state, ref);
  }

  #onOutput(state: SessionState, ref: number, run: StartedRun | undefined): void {
    this.#sendTrace(state);
    const { head, bytes } = this.#parts.absent.describe(state, ref);
    this.#tell({ type: 'output', session: this.session, sender: run?.invocation ?? -1, object: head }, bytes);
  }

  #onExpected(ref: number, bucket: number, run: StartedRun | undefined): void {
    const { objects } = this.#parts.node;
    const { source, group } = objects.label(ref);
    const keys = JSON.parse(Buffer.from(objects.payload(ref)).toString()) as string[];
    this.#tell({ type: 'expected', session: this.session, sender: run?.invocation ?? -1, source, bucket, group, keys });
  }

  #onFailed(state: SessionState, ref: number, run: StartedRun | undefined): void {
    const { code, message } = failureIn(this.#parts.node.objects, state, ref);
    this.#tell({ type: 'invocation-failed', session: this.session, invocation: run?.invocation ?? -1, code, message });
  }

  #onStarted(state: SessionState, run: StartedRun): void {
    const { invocation, fn, attempt, first: before } = run;
    const refs = inputsOf(this.#parts.node.objects, run);
    const first = this.#firsts.get(workOf(fn, refs)) ?? -1;
    const objects = refs.map((input) => this.#parts.absent.describe(state, input, -1).head);
    this.#tell({ type: 'started', session: this.session, fn, invocation, attempt, before, first, objects });
  }

  /** Counted as under way here; from the home's start on it is counted there. */
  #onStart(state: SessionState, fn: number, ref: number): void {
    const { publisher } = this.#parts.node;
    const { slot, epoch } = state;
    if (this.#parts.runsHere(state, fn)) {
      publisher.publish({ slot, epoch, fn, inputs: ref, inputCount: 1, attempt: 1, dueMs: 0 });
      return;
    }
    const { head, bytes } = this.#parts.absent.describe(state, ref);
    this.#tell({ type: 'start', session: this.session, fn, object: head }, bytes);
    publisher.unbegin(state, fn);
  }

  #sendTrace(state: SessionState): void {
    const { table, host } = this.#parts.node;
    if (!table.isTraced(state.slot)) return;
    this.#tell({ type: 'spans', session: this.session, ...host.traceHere(state, hostNowNs()) });
  }

  #giveBack(set: number): void {
    const credits = this.#credits[set] ?? 0;
    if (credits === 0) return;
    this.#credits[set] = 0;
    this.#tell({ type: 'idle', session: this.session, set, credits });
  }

  #tell(message: PeerReport, bytes?: Uint8Array): void {
    if (!this.#isDropped) this.#connection.send(message, bytes);
  }
}
