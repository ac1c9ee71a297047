/**
 * The scheduler of a worker node: the one thread that opens and releases sessions, decides triggers that have
 * state, and looks after the executors. Decisions are made in core/; here they meet memory and threads.
 */
import type { AppDefinition } from '../core/app.ts';
import { type ErrorCode, PheromoneError } from '../core/errors.ts';
import { type Effect, NodeCore } from '../core/node.ts';
import { afterExecutorDeath } from '../core/recovery.ts';
import type { ObjectMeta } from '../core/trigger.ts';
import { hostNowNs } from '../executor/clock.ts';
import { type EntryId, type Invocation, Ledger } from '../executor/ledger.ts';
import { FAILED, OUTPUT, QUIET, RETIRE, type Report, SENT, SOURCES_DONE, START } from '../executor/reports.ts';
import type { Threads } from '../executor/threads.ts';
import { SCHEDULER } from '../store/memory.ts';
import { NO_BUCKET, NO_FUNCTION, ObjectStore } from '../store/objects.ts';
import { SessionTable } from '../store/sessions.ts';
import type { OutputHead, Span, Status } from '../wire/messages.ts';
import { type App, Apps } from './apps.ts';
import type { Caller, CallRequest } from './call.ts';
import { Executors } from './executors.ts';
import { type NodeMemory, reserveNode } from './memory.ts';
import type { WorkerOptions } from './options.ts';
import { ReportPump } from './report-pump.ts';
import { type SessionState, Sessions } from './sessions.ts';
import { Watch } from './watch.ts';

export class Scheduler {
  readonly #memory: NodeMemory;
  readonly #options: WorkerOptions;
  readonly #threads: Threads;
  readonly #table: SessionTable;
  readonly #objects: ObjectStore;
  readonly #ledger: Ledger;
  readonly #core = new NodeCore();
  readonly #apps = new Apps();
  readonly #sessions: Sessions;
  readonly #executors: Executors;
  readonly #pump: ReportPump;
  readonly #watch: Watch;
  readonly #entry: Invocation = { slot: 0, epoch: 0, fn: 0, inputs: 0, inputCount: 0, attempt: 0, dueMs: 0 };
  /** Invocations for which the ledger has no room; counted as under way. */
  readonly #backlog: Invocation[] = [];
  #dueTimer: NodeJS.Timeout | undefined;
  #dueMs: number | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#memory = reserveNode(options);
    const { setup, threads } = this.#memory;
    this.#threads = threads;
    this.#table = new SessionTable(setup.store);
    this.#objects = new ObjectStore(setup.store, this.#table, SCHEDULER);
    this.#ledger = new Ledger(setup.ledger, SCHEDULER);
    this.#sessions = new Sessions(this.#table, this.#objects.allocator);
    this.#executors = new Executors(threads, setup, this.#apps.definitions, {
      hung: (thread, body) => this.#onHung(thread, body),
      ended: (thread) => this.#onEnded(thread),
    });
    this.#pump = new ReportPump(setup.reports, threads, this.#table, {
      report: (report, thread) => this.#onReport(report, thread),
      sourcesDone: (session, set) => this.#apply(this.#core.sourcesDone(session.id, set, nowMs())),
      quiet: (session) => this.#apply(this.#core.quiet(session.id, nowMs())),
      session: (slot, epoch) => this.#sessions.at(slot, epoch),
      drained: () => this.#publishBacklog(),
    });
    this.#watch = new Watch(threads, this.#ledger, this.#executors, () => this.#pump.drain());
    for (let i = 0; i < options.executors; i++) this.#executors.start();
    this.#pump.listen(() => this.#watch.resume());
  }

  /** Makes an app callable; replaces one of the same name. Throws `INVALID_APP`, `FUNCTION_LOAD_FAILED`. */
  async register(definition: AppDefinition): Promise<void> {
    const app = await this.#apps.prepare(definition);
    try {
      await this.#executors.load(app.index, definition);
      this.#core.addApp(app.plan, app.factories);
    } catch (error) {
      this.#forget(app);
      throw error;
    }
    const before = this.#apps.publish(app);
    if (before !== undefined) this.#dropIfUnused(before);
  }

  /** Forgets an app; its sessions fail with `CANCELLED`. Throws `UNKNOWN_APP`. */
  unregister(name: string): void {
    const app = this.#apps.withdraw(name);
    this.#apply(this.#core.removeApp(app.plan));
    this.#dropIfUnused(app);
  }

  /**
   * Opens a session. Returns a function that gives it up; the caller then hears `CANCELLED`, unless an answer
   * was faster. What is wrong with the request itself is thrown.
   */
  call(request: CallRequest, input: Uint8Array, caller: Caller): () => void {
    const app = this.#apps.get(request.app);
    const fn = app.plan.functionIndex.get(request.fn);
    if (fn === undefined)
      throw new PheromoneError('UNKNOWN_FUNCTION', `app "${request.app}": expected one of its functions, got "${request.fn}"`);
    const session = this.#sessions.open(app, caller, request.trace);
    let ref: number;
    try {
      const label = { source: NO_FUNCTION, bucket: NO_BUCKET, key: '', group: '', metadata: '' };
      ref = this.#objects.add(session.slot, session.epoch, input, label, hostNowNs());
    } catch (error) {
      this.#sessions.release(session);
      throw error;
    }
    const deadlineMs = request.deadlineMs === undefined ? undefined : nowMs() + request.deadlineMs;
    this.#apply(this.#core.open({ session: session.id, app: app.plan, answer: request.answer, deadlineMs }));
    this.#start(session, fn, [ref]);
    if (deadlineMs !== undefined) this.#armDue();
    return () => this.#giveUp(session);
  }

  status(): Omit<Status, 'type' | 'id'> {
    return {
      sessions: this.#core.sessions,
      executors: this.#executors.states(),
      memory: { usedBytes: this.#objects.allocator.usedBytes, arenaBytes: this.#options.arenaBytes },
      apps: this.#apps.names(),
    };
  }

  /** Ends all executors. Calls under way are not answered. */
  async stop(): Promise<void> {
    clearTimeout(this.#dueTimer);
    this.#watch.stop();
    await this.#executors.stop();
  }

  #apply(effects: readonly Effect[]): void {
    for (const effect of effects) {
      const session = this.#sessions.byId(effect.session);
      if (session === undefined) continue;
      switch (effect.type) {
        case 'start':
          this.#start(
            session,
            effect.fn,
            effect.objects.map(({ ref }) => ref),
          );
          break;
        case 'answer':
          this.#answer(session, effect.outputs);
          break;
        case 'fail':
          session.caller.failed(effect.code, effect.message);
          break;
        case 'abort':
          this.#abort(session);
          break;
        case 'release':
          this.#release(session);
          break;
      }
    }
    if (this.#core.dueMs() !== this.#dueMs) this.#armDue();
  }

  #start(session: SessionState, fn: number, refs: readonly number[]): void {
    const { slot, epoch, app } = session;
    session.starts++;
    this.#table.count(slot, 0, 1);
    for (const set of app.plan.functions[fn]?.watchSets ?? []) if (set !== 0) this.#table.count(slot, set, 1);
    const inputs = refs.length === 1 ? (refs[0] as number) : this.#objects.addList(slot, epoch, refs);
    this.#publish({ slot, epoch, fn, inputs, inputCount: refs.length, attempt: 1, dueMs: 0 });
  }

  #publish(invocation: Invocation): void {
    const { slot, epoch, fn, inputs, inputCount, attempt } = invocation;
    if (this.#backlog.length > 0 || !this.#ledger.publish(slot, epoch, fn, inputs, inputCount, attempt))
      this.#backlog.push({ ...invocation });
    this.#threads.wakeOne();
    this.#watch.start();
  }

  #publishBacklog(): void {
    let published = 0;
    for (const { slot, epoch, fn, inputs, inputCount, attempt } of this.#backlog) {
      if (!this.#ledger.publish(slot, epoch, fn, inputs, inputCount, attempt)) break;
      published++;
    }
    if (published === 0) return;
    this.#backlog.splice(0, published);
    this.#threads.wakeOne();
  }

  #answer(session: SessionState, outputs: readonly ObjectMeta[]): void {
    const heads: OutputHead[] = [];
    const bytes: Uint8Array[] = [];
    let answeredNs = 0;
    for (const { ref, source, key, group } of outputs) {
      const payload = this.#objects.payload(ref);
      heads.push({ source, key, group, size: payload.length });
      bytes.push(payload);
      answeredNs = this.#objects.sentNs(ref);
    }
    this.#sessions.hold(session);
    session.caller.answered(heads, bytes, this.#spans(session, answeredNs), () => this.#unhold(session));
  }

  /** A body that still runs counts as far as the answer that it sent. */
  #spans({ slot, app }: SessionState, answeredNs: number): Span[] {
    if (!this.#table.isTraced(slot)) return [];
    return this.#objects
      .spans(slot)
      .filter(({ startedNs }) => startedNs > 0)
      .map(({ fn, startedNs, endedNs }) => ({
        fn: app.plan.functions[fn]?.definition.name ?? '',
        startedNs,
        endedNs: endedNs === 0 ? Math.max(startedNs, answeredNs) : endedNs,
      }));
  }

  #abort({ slot, epoch }: SessionState): void {
    this.#table.abort(slot);
    this.#table.forEachThread(slot, (thread) => {
      if (thread !== SCHEDULER) this.#executors.tell(thread, { type: 'abort', slot, epoch });
    });
  }

  #release(session: SessionState): void {
    session.over = true;
    if (session.holds === 0) this.#free(session);
  }

  #unhold(session: SessionState): void {
    session.holds--;
    if (session.over && session.holds === 0) this.#free(session);
  }

  #free(session: SessionState): void {
    this.#sessions.release(session);
    this.#dropIfUnused(session.app);
  }

  #giveUp(session: SessionState): void {
    if (!session.over) this.#apply(this.#core.cancel(session.id));
  }

  #onReport({ type, slot, epoch, ref, fn }: Report, thread: number): void {
    if (type === RETIRE) {
      this.#executors.retire(thread);
      return;
    }
    const session = this.#sessions.at(slot, epoch);
    if (session === undefined) return;
    switch (type) {
      case SENT:
        this.#apply(this.#core.objectSent(this.#meta(session, ref), nowMs()));
        break;
      case OUTPUT:
        this.#apply(this.#core.outputSent(this.#meta(session, ref)));
        break;
      case FAILED:
        this.#fail(session, ref);
        break;
      case START:
        this.#publish({ slot, epoch, fn, inputs: ref, inputCount: 1, attempt: 1, dueMs: 0 });
        break;
    }
  }

  #meta({ id, app }: SessionState, ref: number): ObjectMeta {
    return {
      ref,
      session: id,
      bucket: app.plan.buckets[this.#objects.bucket(ref)]?.name ?? '',
      key: this.#objects.key(ref),
      group: this.#objects.group(ref),
      source: app.plan.functions[this.#objects.source(ref)]?.definition.name ?? '',
    };
  }

  #fail(session: SessionState, ref: number): void {
    if (ref === -1) {
      this.#apply(this.#core.failed(session.id, 'OUT_OF_MEMORY', `app "${session.app.plan.name}": object memory is full`));
      return;
    }
    const text = Buffer.from(this.#objects.payload(ref)).toString();
    const end = text.indexOf('\n');
    this.#apply(this.#core.failed(session.id, text.slice(0, end) as ErrorCode, text.slice(end + 1)));
  }

  /** A thread hangs: what was running is to blame, the rest of what it holds runs again elsewhere. */
  #onHung(thread: number, body: boolean): void {
    const culprit = body ? this.#threads.bodyEntry(thread) : undefined;
    const dueMs = (hostNowNs() / 1e6) | 0;
    this.#takeBack(thread, (id, entry) => {
      const isToBlame = culprit === undefined ? entry.dueMs !== 0 && entry.dueMs <= dueMs : id === culprit;
      return isToBlame ? 'blame' : 'rerun';
    });
  }

  #onEnded(thread: number): void {
    this.#takeBack(thread, (_, { attempt }) => afterExecutorDeath(attempt));
    for (const session of this.#sessions.heldFor(thread)) this.#unhold(session);
    this.#watch.start();
  }

  /** Ends or reruns everything that a thread holds, and keeps the memory it may still write to until it has ended. */
  #takeBack(thread: number, judge: (id: EntryId, entry: Invocation) => 'blame' | 'rerun' | 'give-up'): void {
    for (const id of this.#ledger.heldBy(thread)) {
      const entry = this.#ledger.read(id, this.#entry);
      const { slot, epoch, fn } = entry;
      const session = this.#sessions.at(slot, epoch);
      if (session === undefined || !this.#ledger.finish(id, thread)) continue;
      const { name, functions } = session.app.plan;
      const where = `app "${name}": function "${functions[fn]?.definition.name}"`;
      const verdict = judge(id, entry);
      this.#sessions.holdFor(session, thread);
      if (verdict === 'rerun' && !this.#table.isAborted(slot)) {
        this.#publish({ ...entry, attempt: entry.attempt + 1, dueMs: 0 });
        continue;
      }
      if (verdict === 'blame') {
        const timeoutMs = functions[fn]?.timeoutMs;
        this.#apply(this.#core.failed(session.id, 'FUNCTION_TIMED_OUT', `${where}: expected to end within ${timeoutMs} ms`));
      } else if (!this.#table.isAborted(slot)) {
        this.#apply(this.#core.failed(session.id, 'EXECUTOR_DIED', `${where}: its executor's thread ended, ${entry.attempt} times in all`));
      }
      for (const set of functions[fn]?.watchSets ?? []) {
        if (set !== 0 && this.#table.count(slot, set, -1) === 0) this.#pump.defer({ type: SOURCES_DONE, slot, epoch, ref: set, fn: -1 });
      }
      if (this.#table.count(slot, 0, -1) === 0) this.#pump.defer({ type: QUIET, slot, epoch, ref: 0, fn: -1 });
    }
    this.#pump.drain();
  }

  #dropIfUnused(app: App): void {
    if (!app.retired || app.sessions > 0) return;
    this.#core.removeApp(app.plan);
    this.#forget(app);
  }

  #forget(app: App): void {
    this.#apps.drop(app);
    this.#executors.forget(app.index);
  }

  #armDue(): void {
    clearTimeout(this.#dueTimer);
    this.#dueMs = this.#core.dueMs();
    if (this.#dueMs === undefined) return;
    const waitMs = Math.min(Math.max(0, Math.ceil(this.#dueMs - nowMs())), 2 ** 31 - 1);
    this.#dueTimer = setTimeout(() => {
      this.#dueMs = undefined;
      this.#apply(this.#core.onTime(nowMs()));
      this.#armDue();
    }, waitMs);
  }
}

function nowMs(): number {
  return hostNowNs() / 1e6;
}
