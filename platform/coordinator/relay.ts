/**
 * Sessions on their way: each is placed on a worker, its answer is passed on, and what it was started with is kept
 * until then, so that it can run again elsewhere when its worker is lost.
 */
import { type ErrorCode, PheromoneError, toPheromoneError } from '../core/errors.ts';
import type { FunctionPlan } from '../core/plan.ts';
import { afterFailure } from '../core/recovery.ts';
import type { Caller } from '../door/service.ts';
import type { CoordinatorMessage, WorkerMessage } from '../wire/coordinator-messages.ts';
import { WIRE_LIMITS } from '../wire/limits.ts';
import type { App } from './apps.ts';
import type { Asker } from './worker-link.ts';
import type { Worker, Workers } from './workers.ts';

/** What a session is started with. */
export interface Task {
  readonly app: App;
  readonly fn: FunctionPlan;
  /** Its bytes stay as they are. */
  readonly payload: readonly Uint8Array[];
  /** From now on, over all its runs; `undefined`: none. */
  readonly deadlineMs: number | undefined;
  /** What a worker is told. */
  message(id: number, deadlineMs: number | undefined): CoordinatorMessage;
}

export interface RelayOptions {
  readonly sessions: number;
  readonly keptBytes: number;
  readonly workerWaitMs: number;
}

const KEEP = { keep: true } as const;
/** Timers know no longer delays; beyond it the worker's own deadline has to do. */
const TIMER_LIMIT_MS = 2 ** 31 - 1;
const LEAST_DEADLINE_MS = 0.001;
const NOBODY: readonly string[] = [];
const CANCELLED = 'the caller cancelled the run';

export class Relay {
  readonly #workers: Workers;
  readonly #options: RelayOptions;
  /** In the order in which they began to wait. */
  readonly #waiting = new Set<Run>();
  readonly #over: (app: App) => void;
  #sessions = 0;
  #keptBytes = 0;
  #isClosed = false;
  #whenIdle: (() => void) | undefined;

  /** `over` is called after each session of an app. */
  constructor(workers: Workers, options: RelayOptions, over: (app: App) => void) {
    this.#workers = workers;
    this.#options = options;
    this.#over = over;
  }

  /**
   * Starts a session. Returns a function that gives it up; the caller then hears `CANCELLED`, unless an answer was
   * faster. Throws `OVERLOADED`.
   */
  start(task: Task, caller: Caller): () => void {
    const { sessions, keptBytes } = this.#options;
    if (this.#sessions >= sessions) throw new PheromoneError('OVERLOADED', `coordinator: expected at most ${sessions} sessions at once`);
    const bytes = sizeOf(task.payload);
    if (this.#keptBytes + bytes > keptBytes) {
      throw new PheromoneError(
        'OVERLOADED',
        `coordinator: expected at most ${keptBytes} bytes of inputs under way, ${this.#keptBytes} are`,
      );
    }
    this.#sessions += 1;
    this.#keptBytes += bytes;
    task.app.sessions += 1;
    const run = new Run(task, caller, this.#workers, {
      wait: (waiting) => this.#wait(waiting),
      over: (ended) => {
        this.#waiting.delete(ended);
        this.#sessions -= 1;
        this.#keptBytes -= bytes;
        task.app.sessions -= 1;
        this.#over(task.app);
        if (this.#sessions === 0) this.#whenIdle?.();
      },
    });
    run.begin();
    return () => run.cancel();
  }

  /** A worker may have come that can take some of those who wait. */
  retry(): void {
    if (this.#waiting.size === 0) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const run of waiting) run.place();
  }

  /** An app was taken back: its sessions that wait for a worker fail. */
  removed(app: App): void {
    for (const run of [...this.#waiting]) if (run.task.app === app) run.removed();
  }

  /** Resolves when no session is under way. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenIdle = resolve;
      if (this.#sessions === 0) resolve();
    });
  }

  /** From now on no session waits for a worker. */
  close(): void {
    this.#isClosed = true;
    for (const run of [...this.#waiting]) run.cancel();
  }

  #wait(run: Run): void {
    if (this.#isClosed) {
      run.cancel();
      return;
    }
    this.#waiting.add(run);
    run.limitWait(this.#options.workerWaitMs);
  }
}

interface RunHost {
  /** No worker will do for now: `place` is to be called again when that may have changed. */
  wait(run: Run): void;
  /** The caller has been told; once, last. */
  over(run: Run): void;
}

/** A session, over all its runs. */
class Run implements Asker {
  readonly task: Task;
  readonly #caller: Caller;
  readonly #workers: Workers;
  readonly #host: RunHost;
  readonly #dueMs: number | undefined;
  #deadline: NodeJS.Timeout | undefined;
  /** Runs from 1, those that a worker has declined not counted. */
  #attempt = 1;
  /** Workers that have declined it. */
  #declined = NOBODY;
  #worker: Worker | undefined;
  /** Of the request at `#worker`. */
  #id = 0;
  #wait: NodeJS.Timeout | undefined;
  #isCancelled = false;
  #isOver = false;

  constructor(task: Task, caller: Caller, workers: Workers, host: RunHost) {
    this.task = task;
    this.#caller = caller;
    this.#workers = workers;
    this.#host = host;
    if (task.deadlineMs !== undefined) this.#dueMs = performance.now() + task.deadlineMs;
  }

  begin(): void {
    const { deadlineMs } = this.task;
    if (deadlineMs !== undefined && deadlineMs <= TIMER_LIMIT_MS) {
      this.#deadline = setTimeout(() => this.#onDeadline(deadlineMs), Math.ceil(deadlineMs));
    }
    this.place();
  }

  /** Sends it to a worker, or waits for one. */
  place(): void {
    if (this.#isOver) return;
    const { app, fn } = this.task;
    if (app.state === 'removed') {
      this.removed();
      return;
    }
    const { requires } = fn.definition;
    const placing = this.#workers.place(app, { fn: fn.definition.name, requires, count: 1, inputs: [], exclude: this.#declined });
    const worker = placing === undefined ? undefined : this.#workers.named(placing.node);
    if (worker !== undefined) this.#send(worker);
    else if (this.#declined.length > 0)
      this.#fail('OVERLOADED', `app "${app.name}": expected a worker with room, ${this.#declined.join(', ')} had none`);
    else this.#host.wait(this);
  }

  /** Fails it if it still waits after this time, counted from its first wait. */
  limitWait(waitMs: number): void {
    const { app, fn } = this.task;
    this.#wait ??= setTimeout(() => {
      this.#fail('NO_NODE', `app "${app.name}": expected a worker that can run "${fn.definition.name}" within ${waitMs} ms, found none`);
    }, waitMs);
  }

  cancel(): void {
    if (this.#isOver || this.#isCancelled) return;
    this.#isCancelled = true;
    if (this.#worker === undefined) this.#fail('CANCELLED', CANCELLED);
    else this.#worker.link?.send({ type: 'cancel', id: this.#id });
  }

  removed(): void {
    this.#fail('CANCELLED', `expected app "${this.task.app.name}" to stay for the run, and it was removed`);
  }

  answered(message: WorkerMessage, payload: Uint8Array, isOwn: boolean): void {
    const worker = this.#leaveWorker();
    switch (message.type) {
      case 'result': {
        // What is not copied when it is sent on must stay as it is.
        const bytes = isOwn || payload.length <= WIRE_LIMITS.copyBytes ? payload : new Uint8Array(payload);
        this.#isOver = true;
        this.#caller.answered(message.outputs, [bytes], message, () => {});
        this.#end();
        break;
      }
      case 'failed':
        this.#fail(message.code, message.message);
        break;
      case 'declined':
        this.#declined = [...this.#declined, worker.name];
        this.#goOn();
        break;
      default:
        this.#fail('BAD_MESSAGE', `worker "${worker.name}": expected the answer to a call, got ${message.type}`);
    }
  }

  lost(error: PheromoneError): void {
    const { app } = this.task;
    const { name } = this.#leaveWorker();
    if (this.#isCancelled || afterFailure(app.plan.recovery, 'NODE_LOST', this.#attempt) === 'again') {
      this.#attempt += 1;
      this.#goOn();
    } else {
      this.#fail('NODE_LOST', `app "${app.name}": worker "${name}" was lost in run ${this.#attempt} of the session: ${error.message}`);
    }
  }

  #send(worker: Worker): void {
    clearTimeout(this.#wait);
    this.#wait = undefined;
    const link = worker.link!;
    this.#worker = worker;
    this.#id = link.expect(this);
    // The timer may be late: a worker takes no deadline that has passed.
    const leftMs = this.#dueMs === undefined ? undefined : Math.max(this.#dueMs - performance.now(), LEAST_DEADLINE_MS);
    const { payload } = this.task;
    try {
      link.send(this.task.message(this.#id, leftMs), payload, sizeOf(payload) > WIRE_LIMITS.copyBytes ? KEEP : undefined);
    } catch (error) {
      link.forget(this.#id);
      this.#leaveWorker();
      const { code, message } = toPheromoneError(error);
      this.#fail(code, message);
    }
  }

  #leaveWorker(): Worker {
    const worker = this.#worker!;
    this.#worker = undefined;
    this.#workers.over(worker);
    return worker;
  }

  #goOn(): void {
    if (this.#isCancelled) this.#fail('CANCELLED', CANCELLED);
    else this.place();
  }

  #onDeadline(deadlineMs: number): void {
    if (this.#worker !== undefined) {
      const { link } = this.#leaveWorker();
      link?.forget(this.#id);
      link?.send({ type: 'cancel', id: this.#id });
    }
    this.#fail('DEADLINE_EXCEEDED', `expected the run to end within its deadline, ${deadlineMs} ms`);
  }

  #fail(code: ErrorCode, message: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#caller.failed(code, message);
    this.#end();
  }

  #end(): void {
    clearTimeout(this.#deadline);
    clearTimeout(this.#wait);
    this.#host.over(this);
  }
}

function sizeOf(parts: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const part of parts) bytes += part.length;
  return bytes;
}
