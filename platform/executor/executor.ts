/**
 * One executor: claims invocations, runs their bodies, and rests when there is nothing to do.
 *
 * What a body sends is published in the executor's own part of the ledger and, as a rule, claimed from there by
 * the executor itself when the body is over: running on inline, without a nested call. Idle executors take it
 * sooner where the body computes on or sends more. See docs/decisions on the invocation ledger.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { AppDefinition } from '../core/app.ts';
import { PheromoneError } from '../core/errors.ts';
import { type Log, openLog } from '../log/log.ts';
import { ObjectStore } from '../store/objects.ts';
import { SessionTable } from '../store/sessions.ts';
import { hostNowNs } from './clock.ts';
import { timeoutOf } from './failure.ts';
import { type LoadedApp, loadFunction } from './functions.ts';
import { Invocation } from './invocation.ts';
import { ProcessDied } from './isolated/isolated-process.ts';
import { KnownApps } from './known-apps.ts';
import { type EntryId, Ledger, type Invocation as LedgerEntry, NONE } from './ledger.ts';
import { type FunctionBody, isThenable } from './library.ts';
import { Outbox } from './outbox.ts';
import { logOutput } from './output.ts';
import { Pending } from './pending.ts';
import { type ExecutorSetup, executorNumber, type FromExecutor, type ToExecutor } from './protocol.ts';
import { RETIRE, ReportWriter } from './reports.ts';
import { halt, Rest } from './rest.ts';
import { type Room, WorkFinder } from './search.ts';
import { Shortage, wishOf } from './shortage.ts';
import { spanStart } from './span-start.ts';
import { BETWEEN, Threads } from './threads.ts';

/** How long an executor may go without a turn of its event loop. */
const TURN_NS = 1_000_000;

export class Executor {
  readonly #thread: number;
  readonly #port: MessagePort;
  readonly #sessions: SessionTable;
  readonly #objects: ObjectStore;
  readonly #ledger: Ledger;
  readonly #threads: Threads;
  readonly #loadNs: number;
  readonly #finder: WorkFinder;
  readonly #outbox: Outbox;
  readonly #rest: Rest;
  readonly #pending: Pending;
  readonly #apps: KnownApps;
  readonly #current = new AsyncLocalStorage<Invocation>();
  readonly #log: Log;
  readonly #shortage: Shortage;
  readonly #entry: LedgerEntry = { slot: 0, epoch: 0, fn: 0, inputs: 0, inputCount: 0, attempt: 0, dueMs: 0 };
  #retiring = false;
  #late = false;

  constructor(setup: ExecutorSetup, port: MessagePort) {
    this.#thread = setup.thread;
    this.#loadNs = setup.isolation.loadMs * 1e6;
    this.#port = port;
    this.#sessions = new SessionTable(setup.store);
    this.#shortage = new Shortage(wishOf(setup.wishes, setup.thread), setup.memoryWaitMs, () => this.#readPort());
    const critical = (action: () => number): number => this.#critically(action);
    this.#objects = new ObjectStore(setup.store, this.#sessions, setup.thread, critical, (...short) => this.#shortage.awaitRoom(...short));
    this.#ledger = new Ledger(setup.ledger, setup.thread);
    this.#threads = new Threads(setup.threads);
    const reports = new ReportWriter(setup.reports, setup.thread, () => this.#threads.wakeScheduler());
    this.#outbox = new Outbox(setup.thread, this.#objects, this.#sessions, this.#ledger, this.#threads, reports, this.#shortage);
    this.#apps = new KnownApps(setup, {
      stray: (slot, epoch, app, fn, error) => this.#outbox.fail(NONE, slot, epoch, app, fn, error),
      ended: () => this.#rest.resume(),
    });
    this.#finder = new WorkFinder(setup.thread, this.#ledger, this.#threads, (slot) => this.#isOutOfLine(slot));
    this.#rest = new Rest(setup.thread, setup.spinMs * 1e6, this.#threads, this.#finder);
    this.#pending = new Pending({
      timedOut: ({ invocation }) => this.#fail(invocation, timeoutOf(invocation)),
      exhausted: () => {
        this.#outbox.push(RETIRE, 0, 0, 0);
        this.#outbox.flush();
      },
    });
    this.#log = openLog({ role: 'worker', node: setup.node, executor: executorNumber(setup.thread) });
    logOutput(this.#log, () => this.#current.getStore());
    process.on('unhandledRejection', (reason) => this.#stray(reason));
    process.on('uncaughtException', (error) => this.#stray(error));
    // The listener keeps the thread alive while it waits in its event loop.
    port.on('message', (message: ToExecutor) => this.#receive(message));
  }

  /** Runs for as long as the thread lives. */
  async run(): Promise<never> {
    for (;;) {
      if (this.#threads.isAlerted(this.#thread)) this.#readPort();
      const id = this.#retiring ? NONE : this.#finder.next(this.#roomIfShared());
      if (id !== NONE) {
        this.#start(id);
        if (this.#isTurnDue()) {
          // A thread that never comes to wait in its event loop has to keep timeouts all the same.
          this.#threads.setLoopDueNs(this.#thread, this.#pending.arm());
          await this.#rest.turn();
          this.#finder.yieldOwn();
        } else if (this.#pending.counts) await undefined;
      } else if (this.#pending.isBusy || this.#apps.isBusy || this.#retiring) {
        const aged = this.#retiring ? NONE : this.#finder.nextAged(this.#roomIfShared());
        if (aged === NONE) await this.#waitInLoop();
        else this.#start(aged);
      } else {
        let found = this.#rest.search();
        if (found === NONE) {
          await this.#rest.turn();
          found = this.#rest.park();
        }
        if (found !== NONE) this.#start(found);
      }
    }
  }

  /** What a long body has sent is started before timers and I/O have their turn; one invocation, no more. */
  #isTurnDue(): boolean {
    const wasLate = this.#late;
    this.#late = hostNowNs() - this.#rest.turnedNs > TURN_NS;
    return wasLate && this.#late;
  }

  #roomIfShared(): Room | undefined {
    return this.#pending.size === 0 ? undefined : this.#room;
  }

  /** Whether a further invocation of a function fits beside those under way. */
  readonly #room: Room = (slot, fn) => {
    const app = this.#apps.get(this.#sessions.app(slot));
    return this.#pending.hasRoomFor(app?.plan.functions[fn]?.concurrency ?? 1);
  };

  #isOutOfLine(slot: number): boolean {
    return this.#apps.get(this.#sessions.app(slot))?.plan.inline === false;
  }

  #start(id: EntryId): void {
    const { slot, epoch, fn } = this.#ledger.read(id, this.#entry);
    this.#sessions.join(slot, this.#thread);
    const app = this.#appOf(slot);
    if (app === undefined || this.#outbox.isAborted(slot, epoch)) this.#outbox.end(id, slot, epoch, app, fn);
    else if (app.bodies[fn] === undefined) this.#loadAndStart(id, app, fn);
    else this.#run(id, app, app.bodies[fn]);
  }

  /** The app of the session in a slot. Word of it has come before its first invocation, and may not have been read yet. */
  #appOf(slot: number): LoadedApp | undefined {
    const index = this.#sessions.app(slot);
    if (this.#apps.get(index) === undefined) this.#readPort();
    return this.#apps.get(index);
  }

  #loadAndStart(id: EntryId, app: LoadedApp, fn: number): void {
    const { slot, epoch } = this.#entry;
    const loading = loadFunction(app, fn).then(
      (body) => {
        this.#ledger.read(id, this.#entry);
        this.#run(id, app, body);
      },
      (error: unknown) => {
        this.#outbox.fail(id, slot, epoch, app, fn, error);
        this.#outbox.end(id, slot, epoch, app, fn);
      },
    );
    // It takes its place from now on: whatever else is claimed meanwhile will run beside it.
    const dueNs = hostNowNs() + this.#loadNs;
    this.#ledger.setDue(id, dueNs / 1e6);
    this.#beginLoad(loading, dueNs, app.plan.functions[fn]?.concurrency);
  }

  #run(id: EntryId, app: LoadedApp, body: FunctionBody): void {
    const { slot, fn } = this.#entry;
    const plan = app.plan.functions[fn] as LoadedApp['plan']['functions'][number];
    if (plan.observed) this.#outbox.started(id, this.#entry);
    const span = this.#sessions.isTraced(slot) ? this.#addSpan(id, this.#entry) : -1;
    const startedNs = hostNowNs();
    if (span >= 0) this.#objects.spans.start(span, startedNs);
    const invocation = new Invocation(this.#outbox, app, plan, this.#entry, startedNs, id);
    const state = this.#threads.enterBody(this.#thread, id, startedNs, plan.timeoutMs);
    if (state === -1) halt();
    // After saying that a body runs: the scheduler looks at that again when it ceases to watch.
    if (!this.#threads.isWatched) this.#threads.askToBeWatched();
    try {
      const result = this.#current.run(invocation, body, invocation);
      // A promise stays what it is; any other thenable gets one, which settles once and later.
      if (isThenable(result)) this.#await(id, invocation, span, Promise.resolve(result));
    } catch (error) {
      this.#fail(invocation, error);
    }
    if (!this.#threads.swap(this.#thread, state, BETWEEN)) halt();
    if (invocation.awaits) this.#outbox.flush();
    else this.#finish(id, invocation, span);
  }

  #critically(action: () => number): number {
    if (!this.#threads.beginCritical(this.#thread)) halt();
    try {
      return action();
    } finally {
      this.#threads.endCritical(this.#thread);
    }
  }

  /** A trace that does not fit into memory is cut short; the invocation goes on. */
  #addSpan(id: EntryId, entry: LedgerEntry): number {
    try {
      return this.#objects.spans.add(entry.slot, entry.epoch, spanStart(this.#objects, this.#ledger, id, entry, hostNowNs()));
    } catch {
      return -1;
    }
  }

  #await(id: EntryId, invocation: Invocation, span: number, result: Promise<unknown>): void {
    invocation.awaits = true;
    const record = this.#pending.add(invocation);
    this.#ledger.setDue(id, record.dueNs / 1e6);
    this.#threads.setLoopDueNs(this.#thread, Math.min(record.dueNs, this.#threads.loopDueNs(this.#thread)));
    const settle = (): void => {
      this.#pending.remove(record);
      if (!this.#pending.counts) this.#threads.setLoopDueNs(this.#thread, Number.POSITIVE_INFINITY);
      this.#finish(id, invocation, span);
      this.#rest.resume();
    };
    result.then(settle, (error: unknown) => {
      if (!record.abandoned && error instanceof ProcessDied && error.runsAgain(invocation)) {
        this.#pending.remove(record);
        this.#runAgain(id, invocation, span);
        return;
      }
      if (!record.abandoned) this.#fail(invocation, error);
      settle();
    });
  }

  /** The invocation keeps its entry, and with it all that counts it. */
  #runAgain(id: EntryId, invocation: Invocation, span: number): void {
    invocation.over = true;
    if (span >= 0) this.#objects.spans.end(span, hostNowNs());
    const { loaded, plan } = invocation;
    this.#ledger.read(id, this.#entry);
    this.#ledger.beginAttempt(id, ++this.#entry.attempt, hostNowNs());
    this.#run(id, loaded, loaded.bodies[plan.index] as FunctionBody);
    this.#rest.resume();
  }

  #finish(id: EntryId, invocation: Invocation, span: number): void {
    invocation.over = true;
    if (span >= 0) this.#objects.spans.end(span, hostNowNs());
    if (!invocation.failed) this.#outbox.answer(invocation);
    this.#outbox.end(id, invocation.slot, invocation.epoch, invocation.loaded, invocation.plan.index);
  }

  #fail(invocation: Invocation, error: unknown): void {
    const { entry, slot, epoch, loaded, plan } = invocation;
    invocation.failed = true;
    this.#outbox.fail(entry, slot, epoch, loaded, plan.index, error);
    invocation.abort(new PheromoneError('CANCELLED', 'the invocation has failed'));
  }

  /** A rejection or exception that nobody caught: charged to the invocation in whose course it arose. */
  #stray(reason: unknown): void {
    const invocation = this.#current.getStore();
    if (invocation !== undefined && !this.#outbox.isAborted(invocation.slot, invocation.epoch)) this.#fail(invocation, reason);
    else this.#log.error('stray error of a function whose session is over', { err: reason });
  }

  async #waitInLoop(): Promise<void> {
    const canTake = !this.#retiring && this.#pending.hasRoomFor(Number.POSITIVE_INFINITY);
    this.#threads.setLoopDueNs(this.#thread, this.#pending.arm());
    if (this.#retiring && !this.#pending.counts && this.#apps.close()) this.#answer({ type: 'retired' });
    await this.#rest.waitInLoop(canTake ? () => this.#finder.isAdmissible(this.#roomIfShared()) : undefined);
  }

  #readPort(): void {
    this.#threads.clearAlert(this.#thread);
    for (;;) {
      const received = receiveMessageOnPort(this.#port);
      if (received === undefined) return;
      this.#receive(received.message as ToExecutor);
    }
  }

  #receive(message: ToExecutor): void {
    switch (message.type) {
      case 'app':
        this.#load(message.app, message.definition);
        break;
      case 'forget':
        this.#apps.remove(message.app);
        break;
      case 'abort':
        this.#pending.abort(message.slot, message.epoch);
        break;
      case 'spilled':
      case 'short':
        this.#shortage.receive(message);
        break;
      case 'retire':
        this.#retiring = true;
        break;
    }
    this.#rest.resume();
  }

  #load(index: number, definition: AppDefinition): void {
    const loading = this.#apps.load(index, definition).then(
      () => this.#answer({ type: 'loaded', app: index }),
      ({ code, message }: PheromoneError) => this.#answer({ type: 'loaded', app: index, error: { code, message } }),
    );
    // Processes are watched by themselves.
    this.#beginLoad(loading, this.#apps.isIsolated(definition) ? Number.POSITIVE_INFINITY : hostNowNs() + this.#loadNs);
  }

  /** A module may block the thread: the scheduler looks after it from now on. */
  #beginLoad(loading: Promise<void>, dueNs: number, concurrency?: number): void {
    this.#pending.load(loading, dueNs, () => this.#rest.resume(), concurrency);
    this.#threads.setLoopDueNs(this.#thread, this.#pending.arm());
    this.#threads.askToBeWatched();
  }

  #answer(message: FromExecutor): void {
    this.#port.postMessage(message);
  }
}
