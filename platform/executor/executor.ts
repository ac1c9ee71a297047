/**
 * One executor: claims invocations, runs their bodies, hands on what they send, and rests when there is nothing.
 *
 * What a body sends is published in the executor's own part of the ledger and, as a rule, claimed from there by
 * the executor itself when the body is over: running on inline, without a nested call. Idle executors take it
 * sooner where the body computes on or sends more. See docs/decisions on the invocation ledger.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { PheromoneError } from '../core/errors.ts';
import { NO_BUCKET, NO_FUNCTION, ObjectStore } from '../store/objects.ts';
import { SessionTable } from '../store/sessions.ts';
import { hostNowNs } from './clock.ts';
import { AppShelf, type LoadedApp, loadAll, loadFunction } from './functions.ts';
import { Invocation, type InvocationHost, type ResolvedSend } from './invocation.ts';
import { type EntryId, type Invocation as LedgerEntry, Ledger, NONE } from './ledger.ts';
import type { FunctionBody } from './library.ts';
import { Pending } from './pending.ts';
import type { ExecutorSetup, FromExecutor, ToExecutor } from './protocol.ts';
import { FAILED, OUTPUT, QUIET, ReportWriter, RETIRE, SENT, SOURCES_DONE, START } from './reports.ts';
import { type Room, WorkFinder } from './search.ts';
import { BETWEEN, FULL, LOOP, PARKED, SEARCHING, Threads } from './threads.ts';

/** A body that has run this long when it sends has its receiver started elsewhere at once. */
const LONG_BODY_NS = 50_000;
/** How long an executor may go without a turn of its event loop. */
const TURN_NS = 1_000_000;

export class Executor implements InvocationHost {
  readonly objects: ObjectStore;
  readonly #thread: number;
  readonly #port: MessagePort;
  readonly #spinNs: number;
  readonly #sessions: SessionTable;
  readonly #ledger: Ledger;
  readonly #threads: Threads;
  readonly #reports: ReportWriter;
  readonly #finder: WorkFinder;
  readonly #apps = new AppShelf();
  readonly #pending: Pending;
  readonly #current = new AsyncLocalStorage<Invocation>();
  readonly #entry: LedgerEntry = { slot: 0, epoch: 0, fn: 0, inputs: 0, inputCount: 0, attempt: 0, dueMs: 0 };
  /** Reports were pushed that the scheduler has not been woken for. */
  #reported = false;
  #retiring = false;
  #turnedNs = 0;
  #resume: (() => void) | undefined;
  #awaitingWake = false;

  constructor(setup: ExecutorSetup, port: MessagePort) {
    this.#thread = setup.thread;
    this.#port = port;
    this.#spinNs = setup.spinMs * 1e6;
    this.#sessions = new SessionTable(setup.store);
    this.objects = new ObjectStore(setup.store, this.#sessions, setup.thread);
    this.#ledger = new Ledger(setup.ledger, setup.thread);
    this.#threads = new Threads(setup.threads);
    this.#reports = new ReportWriter(setup.reports, setup.thread, () => this.#threads.wakeScheduler());
    for (const [index, definition] of setup.apps) this.#apps.add(index, definition);
    this.#finder = new WorkFinder(setup.thread, this.#ledger, this.#threads, (slot) => this.#isOutOfLine(slot));
    this.#pending = new Pending({
      timedOut: (record) => this.#fail(record.invocation, timeoutError(record.invocation)),
      exhausted: () => this.#push(RETIRE, 0, 0, 0),
    });
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
        if (hostNowNs() - this.#turnedNs > TURN_NS) await this.#turn();
        else if (this.#pending.size > 0) await undefined;
      } else if (this.#pending.isBusy || this.#retiring) {
        await this.#waitInLoop();
      } else if (!this.#search()) {
        await this.#turn();
        this.#park();
      }
    }
  }

  isAborted(slot: number, epoch: number): boolean {
    return !this.#sessions.isLive(slot, epoch) || this.#sessions.isAborted(slot);
  }

  dispatch(invocation: Invocation, bytes: Uint8Array, { bucket, target, key, group, output }: ResolvedSend): void {
    const { slot, epoch, plan, startedNs } = invocation;
    const nowNs = hostNowNs();
    const label = { source: plan.index, bucket: bucket?.index ?? NO_BUCKET, key, group };
    const ref = this.objects.add(slot, epoch, bytes, label, nowNs);
    if (output) invocation.outputs.push(ref);
    if (target >= 0) this.#publish(invocation, target, ref);
    if (bucket !== undefined) {
      for (const fn of bucket.immediate) this.#publish(invocation, fn, ref);
      for (const fn of bucket.byName.get(key) ?? []) this.#publish(invocation, fn, ref);
      if (bucket.stateful.length > 0) this.#push(SENT, slot, epoch, ref);
    }
    const isLong = invocation.awaits || nowNs - startedNs > LONG_BODY_NS;
    const waiting = this.#ledger.waiting(this.#thread);
    if (waiting > 1 || (waiting > 0 && (isLong || !invocation.loaded.plan.inline))) this.#threads.wakeOne();
    if (isLong) this.#flush();
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
    const app = this.#apps.get(this.#sessions.app(slot));
    if (app === undefined || this.isAborted(slot, epoch)) this.#end(id, slot, epoch, app, fn);
    else if (app.bodies[fn] === undefined) this.#loadAndStart(id, app, fn);
    else this.#run(id, app, app.bodies[fn]);
  }

  #loadAndStart(id: EntryId, app: LoadedApp, fn: number): void {
    const { slot, epoch } = this.#entry;
    this.#pending.load(
      loadFunction(app, fn).then(
        (body) => {
          this.#ledger.read(id, this.#entry);
          this.#run(id, app, body);
        },
        (error: unknown) => {
          this.#report(slot, epoch, fn, error);
          this.#end(id, slot, epoch, app, fn);
        },
      ),
      () => this.#resume?.(),
    );
  }

  #run(id: EntryId, app: LoadedApp, body: FunctionBody): void {
    const { slot, epoch, fn } = this.#entry;
    const plan = app.plan.functions[fn] as LoadedApp['plan']['functions'][number];
    if (!this.#threads.isWatched) this.#threads.askToBeWatched();
    const span = this.#addSpan(slot, epoch, fn);
    const startedNs = hostNowNs();
    if (span >= 0) this.objects.startSpan(span, startedNs);
    const invocation = new Invocation(this, app, plan, this.#entry, startedNs);
    const state = this.#threads.enterBody(this.#thread, id, startedNs, plan.timeoutMs);
    if (state === -1) halt();
    let result: unknown;
    try {
      result = this.#current.run(invocation, body, invocation);
    } catch (error) {
      this.#fail(invocation, error);
    }
    if (isThenable(result)) {
      invocation.awaits = true;
      this.#await(id, invocation, span, result);
    }
    if (!this.#threads.swap(this.#thread, state, BETWEEN)) halt();
    if (!invocation.awaits) this.#finish(id, invocation, span);
    else this.#flush();
  }

  /** A trace that does not fit into memory is cut short; the invocation goes on. */
  #addSpan(slot: number, epoch: number, fn: number): number {
    if (!this.#sessions.isTraced(slot)) return -1;
    try {
      return this.objects.addSpan(slot, epoch, fn);
    } catch {
      return -1;
    }
  }

  #await(id: EntryId, invocation: Invocation, span: number, result: PromiseLike<unknown>): void {
    const record = this.#pending.add(invocation);
    this.#ledger.setDue(id, record.dueNs / 1e6);
    this.#threads.setLoopDueNs(this.#thread, Math.min(record.dueNs, this.#threads.loopDueNs(this.#thread)));
    const settle = (): void => {
      this.#pending.remove(record);
      if (!this.#pending.counts) this.#threads.setLoopDueNs(this.#thread, Number.POSITIVE_INFINITY);
      this.#finish(id, invocation, span);
      this.#resume?.();
    };
    result.then(settle, (error: unknown) => {
      if (!record.abandoned) this.#fail(invocation, error);
      settle();
    });
  }

  #finish(id: EntryId, invocation: Invocation, span: number): void {
    invocation.over = true;
    if (span >= 0) this.objects.endSpan(span, hostNowNs());
    if (!invocation.failed) for (const ref of invocation.outputs) this.#push(OUTPUT, invocation.slot, invocation.epoch, ref);
    this.#end(id, invocation.slot, invocation.epoch, invocation.loaded, invocation.plan.index);
  }

  /** Accounts for an invocation that is over. After it the session may be gone. */
  #end(id: EntryId, slot: number, epoch: number, app: LoadedApp | undefined, fn: number): void {
    if (!this.#ledger.finish(id, this.#thread)) return;
    for (const set of app?.plan.functions[fn]?.watchSets ?? []) {
      if (set !== 0 && this.#sessions.count(slot, set, -1) === 0) this.#push(SOURCES_DONE, slot, epoch, set);
    }
    if (this.#sessions.count(slot, 0, -1) === 0) this.#push(QUIET, slot, epoch, 0);
    this.#flush();
  }

  #publish({ slot, epoch, loaded }: Invocation, fn: number, ref: number): void {
    this.#sessions.count(slot, 0, 1);
    for (const set of loaded.plan.functions[fn]?.watchSets ?? []) if (set !== 0) this.#sessions.count(slot, set, 1);
    if (!this.#ledger.publish(slot, epoch, fn, ref, 1, 1)) this.#push(START, slot, epoch, ref, fn);
  }

  #fail(invocation: Invocation, error: unknown): void {
    this.#report(invocation.slot, invocation.epoch, invocation.plan.index, error);
    invocation.failed = true;
    invocation.abort(new PheromoneError('CANCELLED', 'the invocation has failed'));
  }

  #report(slot: number, epoch: number, fn: number, error: unknown): void {
    if (!this.#sessions.isLive(slot, epoch)) return;
    const app = this.#apps.get(this.#sessions.app(slot))?.plan;
    const code = error instanceof PheromoneError ? error.code : 'FUNCTION_FAILED';
    const text = error instanceof PheromoneError ? error.message : `app "${app?.name}": function "${app?.functions[fn]?.definition.name}": ${error}`;
    let ref = -1;
    try {
      const label = { source: fn, bucket: NO_BUCKET, key: '', group: '' };
      ref = this.objects.add(slot, epoch, Buffer.from(`${code}\n${text}`), label, hostNowNs());
    } catch {
      // No memory for the text: the code of a full memory is all that the scheduler needs.
    }
    this.#push(FAILED, slot, epoch, ref);
    this.#flush();
  }

  /** A rejection or exception that nobody caught: charged to the invocation in whose course it arose. */
  #stray(reason: unknown): void {
    const invocation = this.#current.getStore();
    if (invocation !== undefined && !this.isAborted(invocation.slot, invocation.epoch)) this.#fail(invocation, reason);
    else console.error('pheromone: stray error of a function whose session is over:', reason);
  }

  #push(type: number, slot: number, epoch: number, ref: number, fn = NO_FUNCTION): void {
    this.#reports.push(type, slot, epoch, ref, fn);
    this.#reported = true;
  }

  #flush(): void {
    if (!this.#reported) return;
    this.#reported = false;
    this.#threads.wakeScheduler();
  }

  /** Looks for work until the spin time is over; false if there was none. */
  #search(): boolean {
    if (!this.#threads.become(this.#thread, SEARCHING)) halt();
    const id = this.#finder.search(this.#spinNs);
    if (!this.#threads.become(this.#thread, BETWEEN)) halt();
    if (id === NONE) return false;
    // This thread no longer searches: if there is more to do, another should.
    if (this.#finder.isWorkWaiting()) this.#threads.wakeOne();
    this.#start(id);
    return true;
  }

  /** Blocks the thread: nothing runs in it until it is woken. Only with nothing under way. */
  #park(): void {
    if (!this.#threads.become(this.#thread, PARKED)) halt();
    // Looked for again after saying so: who published before it saw no parked thread to wake.
    if (!this.#finder.isWorkWaiting() && !this.#threads.isAlerted(this.#thread)) {
      const state = this.#threads.state(this.#thread);
      if ((state & 7) === PARKED) Atomics.wait(this.#threads.words, this.#threads.stateAt(this.#thread), state);
    }
    if (!this.#threads.become(this.#thread, BETWEEN)) halt();
  }

  /** Waits in the event loop until an invocation is over, or somebody wakes the thread. */
  async #waitInLoop(): Promise<void> {
    const canTake = !this.#retiring && this.#pending.hasRoomFor(Number.POSITIVE_INFINITY);
    this.#threads.setLoopDueNs(this.#thread, this.#pending.arm());
    if (this.#retiring && !this.#pending.counts) this.#answer({ type: 'retired' });
    if (!this.#threads.become(this.#thread, canTake ? LOOP : FULL)) halt();
    if (!this.#threads.isAlerted(this.#thread) && !(canTake && this.#finder.isAdmissible(this.#roomIfShared()))) {
      const resumed = new Promise<void>((resolve) => {
        this.#resume = resolve;
      });
      if (this.#waitForWake()) await resumed;
      this.#resume = undefined;
    }
    if (!this.#threads.become(this.#thread, BETWEEN)) halt();
    this.#turnedNs = hostNowNs();
  }

  /** Has a wake-up end the wait. One waiter is enough, also if it is left over from an earlier wait. */
  #waitForWake(): boolean {
    if (this.#awaitingWake) return true;
    const at = this.#threads.stateAt(this.#thread);
    const { async, value } = Atomics.waitAsync(this.#threads.words, at, this.#threads.state(this.#thread));
    if (!async) return false;
    this.#awaitingWake = true;
    void value.then(() => {
      this.#awaitingWake = false;
      this.#resume?.();
    });
    return true;
  }

  /** Lets timers, I/O and output have their turn. */
  async #turn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#turnedNs = hostNowNs();
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
        this.#load(message.app, this.#apps.add(message.app, message.definition));
        break;
      case 'forget':
        this.#apps.remove(message.app);
        break;
      case 'abort':
        this.#pending.abort(message.slot, message.epoch, new PheromoneError('CANCELLED', 'the session is over'));
        break;
      case 'retire':
        this.#retiring = true;
        break;
    }
    this.#resume?.();
  }

  #load(index: number, app: LoadedApp): void {
    this.#pending.load(
      loadAll(app).then(
        () => this.#answer({ type: 'loaded', app: index }),
        (error: PheromoneError) => this.#answer({ type: 'loaded', app: index, error: { code: error.code, message: error.message } }),
      ),
      () => this.#resume?.(),
    );
  }

  #answer(message: FromExecutor): void {
    this.#port.postMessage(message);
  }
}

/** Ends all activity of a thread that was declared dying: its work has been given to another. */
function halt(): never {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  throw new PheromoneError('INTERNAL', 'a dying executor was woken');
}

function timeoutError({ app, fn, plan }: Invocation): PheromoneError {
  return new PheromoneError('FUNCTION_TIMED_OUT', `app "${app}": function "${fn}": expected to end within ${plan.timeoutMs} ms`);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

