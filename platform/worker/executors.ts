/** The executor threads of a node: started, told things, watched for hanging, replaced. */
import { Worker } from 'node:worker_threads';
import type { AppDefinition } from '../core/app.ts';
import { PheromoneError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { hostNowNs } from '../executor/clock.ts';
import { type ExecutorSetup, executorNumber, type FromExecutor, type ToExecutor } from '../executor/protocol.ts';
import { ABSENT, BETWEEN, BODY, DYING, FULL, LOOP, PARKED, SEARCHING, type Threads } from '../executor/threads.ts';
import { openLog } from '../log/log.ts';
import { LANES, THREADS } from '../store/memory.ts';
import type { ExecutorState } from '../wire/messages.ts';

const log = openLog({ role: 'worker' });
/** How long a thread may stay in one and the same state after a timeout of its own before its event loop counts as blocked. */
const LOOP_GRACE_NS = 200e6;
/** How often, a millisecond apart, the end of a thread is put off for what must not end halfway; wiping memory takes longest. */
const TERMINATE_TRIES = 5_000;
const ENTRY = new URL(`../executor/entry${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url);

export interface ExecutorEvents {
  /** A thread hangs and was declared dying. `body`: inside a body, else in its event loop. What it holds is to be taken back. */
  hung(thread: number, body: boolean): void;
  /** A thread has ended; nothing of it runs any more. `inBody`: it ended while a body ran, not in its event loop. `cause`: why, where that is known. */
  ended(thread: number, inBody: boolean, cause?: string): void;
}

/** An app that no executor has loaded yet. */
interface Loading {
  /** The one that tries; the others hear of the app when it has succeeded, so that a module that blocks holds up no more than one. 0: none. */
  thread: number;
  /** Since when it tries. */
  sinceNs: number;
  /** Threads that have ended over it. */
  deaths: number;
  settle(error: PheromoneError | undefined): void;
}

export class Executors {
  readonly #threads: Threads;
  readonly #setup: Omit<ExecutorSetup, 'thread' | 'apps'>;
  readonly #apps: ReadonlyMap<number, AppDefinition>;
  readonly #events: ExecutorEvents;
  readonly #workers = new Map<number, Worker>();
  /** Those that were replaced, or have asked to be. */
  readonly #leaving = new Set<number>();
  /** Threads whose event loop has missed a timeout: in which state, since when. */
  readonly #suspects = new Map<number, { state: number; sinceNs: number }>();
  readonly #loading = new Map<number, Loading>();
  /** Executors to be started when a thread number is free again. */
  #owed = 0;
  #lost = 0;
  #stopped = false;

  constructor(
    threads: Threads,
    setup: Omit<ExecutorSetup, 'thread' | 'apps'>,
    apps: ReadonlyMap<number, AppDefinition>,
    events: ExecutorEvents,
  ) {
    this.#threads = threads;
    this.#setup = setup;
    this.#apps = apps;
    this.#events = events;
  }

  /** Starts one more executor. Threads that were replaced but have not ended keep their numbers; with none free it waits for one of them. */
  start(): void {
    if (this.#stopped) return;
    const thread = this.#freeThread();
    if (thread === undefined) {
      this.#owed++;
      return;
    }
    this.#threads.admit(thread);
    const { heapMb } = this.#setup;
    const worker = new Worker(ENTRY, {
      workerData: { ...this.#setup, thread, apps: [...this.#apps] } satisfies ExecutorSetup,
      resourceLimits: heapMb === 0 ? {} : { maxOldGenerationSizeMb: heapMb },
    });
    this.#workers.set(thread, worker);
    worker.on('message', (message: FromExecutor) => this.#receive(thread, message));
    worker.on('error', (err) => log.error('an executor thread failed', { executor: executorNumber(thread), err }));
    let cause: string | undefined;
    worker.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ERR_WORKER_OUT_OF_MEMORY') cause = 'its memory, the heap, is full';
    });
    worker.on('exit', () => this.#onExit(thread, cause));
    for (const [app, load] of this.#loading) if (load.thread === 0) this.#tryToLoad(app, load);
  }

  /**
   * Makes the functions of an app, one of those of the constructor, known to all executors; resolves when the first has loaded them. Rejects with
   * `FUNCTION_LOAD_FAILED`, and with `EXECUTOR_DIED` where loading them ends one thread after the other.
   */
  load(app: number): Promise<void> {
    const loaded = new Promise<void>((resolve, reject) => {
      const settle = (error?: PheromoneError): void => (error === undefined ? resolve() : reject(error));
      const load = { thread: 0, sinceNs: 0, deaths: 0, settle };
      this.#loading.set(app, load);
      this.#tryToLoad(app, load);
    });
    return loaded;
  }

  /** Has an executor load an app, an idle one where there is one; with none at all, the next that starts does. */
  #tryToLoad(app: number, load: Loading): void {
    const threads = [...this.#workers.keys()].filter((thread) => !this.#leaving.has(thread));
    load.thread = threads.find((thread) => this.#threads.kind(thread) === PARKED) ?? threads[0] ?? 0;
    load.sinceNs = hostNowNs();
    if (load.thread !== 0) this.tell(load.thread, { type: 'app', app, definition: this.#apps.get(app) as AppDefinition });
  }

  forget(app: number): void {
    this.#tellAll({ type: 'forget', app });
  }

  tell(thread: number, message: ToExecutor): void {
    this.#workers.get(thread)?.postMessage(message);
    this.#threads.alert(thread);
  }

  /** An executor asked to be replaced: it takes nothing new, and ends when what it has under way is over. */
  retire(thread: number): void {
    if (this.#leaving.has(thread)) return;
    this.#leaving.add(thread);
    this.tell(thread, { type: 'retire' });
    this.start();
  }

  /** Replaces threads that are past their time. */
  replaceHung(nowNs: number): void {
    for (const thread of this.#workers.keys()) {
      const state = this.#threads.state(thread);
      const kind = this.#threads.kind(thread);
      const hangs = kind === BODY ? nowNs > this.#threads.bodyDueNs(thread) : this.#isLoopBlocked(thread, state, kind, nowNs);
      if (!hangs || !this.#threads.swap(thread, state, DYING)) continue;
      const wasLeaving = this.#leaving.has(thread);
      this.#leaving.add(thread);
      this.#events.hung(thread, kind === BODY);
      if (kind !== BODY) this.#blameBlockedLoads(thread, nowNs);
      if (!wasLeaving) this.start();
      this.#terminate(this.#workers.get(thread), thread, TERMINATE_TRIES);
    }
  }

  /** Ends a dying thread. A native call that blocks holds this up; the replacement is at work already. */
  #terminate(worker: Worker | undefined, thread: number, tries: number): void {
    // Ended halfway, it would leave memory that nobody frees, or a session that never ends.
    if (tries > 0 && this.#threads.isCritical(thread)) setTimeout(() => this.#terminate(worker, thread, tries - 1), 1);
    else void worker?.terminate();
  }

  /** When `replaceHung` may next find one, or `Infinity`. */
  nextDueNs(): number {
    let due = Number.POSITIVE_INFINITY;
    for (const thread of this.#workers.keys()) {
      const kind = this.#threads.kind(thread);
      if (kind === BODY) due = Math.min(due, this.#threads.bodyDueNs(thread));
      else if (isInLoop(kind))
        due = Math.min(due, (this.#suspects.get(thread)?.sinceNs ?? this.#threads.loopDueNs(thread)) + LOOP_GRACE_NS);
    }
    return due;
  }

  #isLoopBlocked(thread: number, state: number, kind: number, nowNs: number): boolean {
    if (!isInLoop(kind) || nowNs < this.#threads.loopDueNs(thread)) {
      this.#suspects.delete(thread);
      return false;
    }
    const suspect = this.#suspects.get(thread);
    if (suspect?.state === state) return nowNs - suspect.sinceNs >= LOOP_GRACE_NS;
    this.#suspects.set(thread, { state, sinceNs: nowNs });
    return false;
  }

  states(): { index: number; state: ExecutorState }[] {
    return [...this.#workers.keys()].map((thread) => {
      const kind = this.#threads.kind(thread);
      const state = this.#leaving.has(thread) || kind === DYING ? 'dying' : kind === PARKED || kind === LOOP ? 'idle' : 'busy';
      return { index: executorNumber(thread), state };
    });
  }

  /** Executors that take work. */
  get count(): number {
    return this.#workers.size - this.#leaving.size;
  }

  /** How many executors could begin an invocation at once. */
  idle(): number {
    let idle = 0;
    for (const thread of this.#workers.keys()) {
      const kind = this.#threads.kind(thread);
      if (!this.#leaving.has(thread) && (kind === PARKED || kind === LOOP || kind === SEARCHING)) idle++;
    }
    return idle;
  }

  /** Numbers of the threads that have started and not ended. */
  numbers(): Iterable<number> {
    return this.#workers.keys();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#workers.values()].map((worker) => worker.terminate()));
  }

  /** How many threads have ended. */
  get lost(): number {
    return this.#lost;
  }

  #freeThread(): number | undefined {
    for (let thread = LANES; thread < THREADS; thread++) if (!this.#workers.has(thread)) return thread;
    return undefined;
  }

  #tellAll(message: ToExecutor, except?: number): void {
    for (const thread of this.#workers.keys()) if (thread !== except && !this.#leaving.has(thread)) this.tell(thread, message);
  }

  #receive(thread: number, message: FromExecutor): void {
    if (message.type === 'retired') {
      void this.#workers.get(thread)?.terminate();
      return;
    }
    const { app, error } = message;
    const load = this.#loading.get(app);
    if (load === undefined) return;
    this.#loading.delete(app);
    if (error === undefined) this.#tellAll({ type: 'app', app, definition: this.#apps.get(app) as AppDefinition }, thread);
    load.settle(error === undefined ? undefined : new PheromoneError(error.code, error.message));
  }

  #onExit(thread: number, cause: string | undefined): void {
    this.#workers.delete(thread);
    const isReplaced = this.#leaving.delete(thread);
    const inBody = this.#threads.kind(thread) === BODY;
    this.#threads.setKind(thread, ABSENT);
    if (this.#stopped) return;
    this.#lost++;
    this.#events.ended(thread, inBody, cause);
    this.#retryLoads(thread, inBody || isReplaced);
    if (!isReplaced) {
      this.start();
    } else if (this.#owed > 0) {
      this.#owed--;
      this.start();
    }
  }

  /** A thread has ended that was to load apps. Outside of any body: if that goes on, it is what they do when they are loaded. */
  #retryLoads(thread: number, inBody: boolean): void {
    for (const [app, load] of this.#loading) {
      if (load.thread !== thread) continue;
      if (!inBody) load.deaths++;
      if (load.deaths <= LIMITS.attempts) {
        this.#tryToLoad(app, load);
        continue;
      }
      this.#loading.delete(app);
      const name = this.#apps.get(app)?.name;
      load.settle(new PheromoneError('EXECUTOR_DIED', `app "${name}": ${load.deaths} executors ended while they loaded its functions`));
    }
  }

  /** A thread whose event loop is blocked was to load apps: one that it has tried to load for too long blocks it. */
  #blameBlockedLoads(thread: number, nowNs: number): void {
    const { loadMs } = this.#setup.isolation;
    for (const [app, load] of this.#loading) {
      if (load.thread !== thread) continue;
      if (nowNs - load.sinceNs < loadMs * 1e6) {
        this.#tryToLoad(app, load);
        continue;
      }
      this.#loading.delete(app);
      const name = this.#apps.get(app)?.name;
      load.settle(new PheromoneError('FUNCTION_LOAD_FAILED', `app "${name}": expected its functions to load within ${loadMs} ms`));
    }
  }
}

function isInLoop(kind: number): boolean {
  return kind === LOOP || kind === FULL || kind === BETWEEN;
}
