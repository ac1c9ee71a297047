/** The processes of one executor that run isolated apps: one for each app at a time, kept warm for a while. */
import type { AppDefinition } from '../../core/app.ts';
import type { PheromoneError } from '../../core/errors.ts';
import type { LoadedApp } from '../functions.ts';
import type { Invocation } from '../invocation.ts';
import type { FunctionBody } from '../library.ts';
import { IsolatedProcess } from './isolated-process.ts';

export interface IsolationOptions {
  /** How long the functions of an app may take to load. */
  readonly loadMs: number;
  /** Processes without work that an executor keeps, at most. */
  readonly idleProcesses: number;
  /** How long it keeps one. */
  readonly idleProcessMs: number;
  /** Heap of a process whose app does not say, in MiB; 0: what the runtime gives itself. */
  readonly heapMb: number;
}

export interface IsolationEvents {
  /** An error that nobody caught, of function `fn` in the session of a slot. */
  stray(slot: number, epoch: number, app: LoadedApp, fn: number, error: PheromoneError): void;
  /** A process has ended. */
  ended(): void;
}

interface Kept {
  readonly process: IsolatedProcess;
  /** Set while it has no work. */
  idleTimer: NodeJS.Timeout | undefined;
}

export class IsolatedApps {
  readonly #options: IsolationOptions;
  readonly #events: IsolationEvents;
  /** For each app the process that gets its next invocation; those without work in the order in which they came to have none. */
  readonly #kept = new Map<LoadedApp, Kept>();
  /** Processes that have not ended, the kept ones included. */
  readonly #alive = new Set<IsolatedProcess>();

  constructor(options: IsolationOptions, events: IsolationEvents) {
    this.#options = options;
    this.#events = events;
  }

  /** Whether any process is alive: then the thread has to hear of its end. */
  get isBusy(): boolean {
    return this.#alive.size > 0;
  }

  /** What stands in the app's place of each function's body. */
  bodyOf(app: LoadedApp, definition: AppDefinition): FunctionBody {
    // The library that an executor hands to bodies is the invocation itself.
    return (library) => this.#processOf(app, definition, false).run(library as Invocation);
  }

  /** Starts the app's process with all functions loaded. Rejects with `FUNCTION_LOAD_FAILED`, `EXECUTOR_DIED`. */
  load(app: LoadedApp, definition: AppDefinition): Promise<void> {
    return this.#processOf(app, definition, true).loaded(this.#options.loadMs);
  }

  forget(app: LoadedApp): void {
    this.#kept.get(app)?.process.kill('was ended, for its app is gone');
  }

  /** Ends all processes; `isBusy` tells when they have ended. */
  close(): void {
    for (const process of this.#alive) process.kill('was ended with its executor');
  }

  #processOf(app: LoadedApp, definition: AppDefinition, load: boolean): IsolatedProcess {
    const kept = this.#kept.get(app);
    if (kept?.process.isOpen === true) {
      clearTimeout(kept.idleTimer);
      kept.idleTimer = undefined;
      return kept.process;
    }
    const process = new IsolatedProcess(
      { definition, plan: app.plan, load, heapMb: definition.heapMb ?? this.#options.heapMb },
      {
        stray: (slot, epoch, fn, error) => this.#events.stray(slot, epoch, app, fn, error),
        idle: () => this.#onIdle(app, process),
        ended: () => this.#onEnd(app, process),
      },
    );
    this.#alive.add(process);
    this.#kept.set(app, { process, idleTimer: undefined });
    return process;
  }

  #onIdle(app: LoadedApp, process: IsolatedProcess): void {
    const kept = this.#kept.get(app);
    if (kept?.process !== process) return;
    clearTimeout(kept.idleTimer);
    kept.idleTimer = setTimeout(() => process.kill('had no work'), this.#options.idleProcessMs);
    // Behind those that have been idle for longer.
    this.#kept.delete(app);
    this.#kept.set(app, kept);
    const idle = [...this.#kept.values()].filter(({ idleTimer }) => idleTimer !== undefined);
    for (const { process } of idle.slice(0, Math.max(0, idle.length - this.#options.idleProcesses))) process.kill('had no work');
  }

  #onEnd(app: LoadedApp, process: IsolatedProcess): void {
    this.#alive.delete(process);
    this.#events.ended();
    const kept = this.#kept.get(app);
    if (kept?.process !== process) return;
    clearTimeout(kept.idleTimer);
    this.#kept.delete(app);
  }
}
