/** One place in a cluster: a process of a role that is started, watched, and started again as what it was. */
import { PheromoneError } from '../core/errors.ts';
import { type RoleProcess, type SpawnOptions, spawnRole } from './spawn.ts';
import type { Role, RoleOptions } from './start-role.ts';

export interface SeatEvents {
  /** A process has ended that nobody asked to; `how`: a signal, or `exit code 1`. */
  died?(name: string, how: string): void;
  /** It came up again, as process `pid`. */
  returned?(name: string, pid: number): void;
  /** It could not be started again; it is tried once more after a pause. */
  failed?(name: string, error: unknown): void;
}

export interface SeatOptions {
  /** Whether a process that ended unasked is started again. */
  readonly restart: boolean;
  readonly spawn: SpawnOptions;
  readonly events: SeatEvents;
}

/** Bounds of the pause before a process is started again; it doubles with each death that follows soon after a start. */
const PAUSE_MIN_MS = 100;
const PAUSE_MAX_MS = 10_000;
/** A process that has lived so long has not died of how it was started. */
const SETTLED_MS = 30_000;

export class Seat<R extends Role = Role> {
  readonly role: R;
  readonly name: string;
  readonly #options: SeatOptions;
  #roleOptions: RoleOptions[R] & { readonly port?: number };
  #process: RoleProcess | undefined;
  /** Under way, if anything is. */
  #starting: Promise<void> | undefined;
  #wanted = false;
  #pauseMs = PAUSE_MIN_MS;
  #retry: NodeJS.Timeout | undefined;

  constructor(role: R, name: string, roleOptions: RoleOptions[R], options: SeatOptions) {
    this.role = role;
    this.name = name;
    this.#roleOptions = roleOptions;
    this.#options = options;
  }

  /** Of the process that runs, or ran last. */
  get pid(): number {
    return this.#running().pid;
  }

  get port(): number {
    return this.#running().port;
  }

  get isAlive(): boolean {
    return this.#process?.isAlive === true;
  }

  /** Starts the process. Rejects with `INTERNAL` if it does not come up. */
  async start(): Promise<void> {
    this.#wanted = true;
    this.#starting = this.#start();
    await this.#starting;
  }

  /** Starts none again, and calls the end of the process that runs no death. */
  retire(): void {
    this.#wanted = false;
    clearTimeout(this.#retry);
  }

  /** Ends the process in order, after `graceMs` at once, and starts none again. Never rejects. */
  async stop(graceMs?: number): Promise<void> {
    this.retire();
    await this.#starting?.catch(() => {});
    await this.#process?.stop(graceMs);
  }

  /** Sends the process a signal; resolves when it has ended if the signal is SIGKILL, else at once. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    const { pid, ended, isAlive } = this.#running();
    if (!isAlive) return;
    process.kill(pid, signal);
    if (signal === 'SIGKILL') await ended;
  }

  async #start(): Promise<void> {
    const startedMs = performance.now();
    const running = await spawnRole(this.role, this.#roleOptions, this.#options.spawn);
    this.#process = running;
    // Others know the place by its address: whoever comes after must be found there.
    this.#roleOptions = { ...this.#roleOptions, port: running.port };
    void running.ended.then((how) => this.#onEnd(running, how, performance.now() - startedMs));
  }

  #running(): RoleProcess {
    if (this.#process === undefined) throw new PheromoneError('INVALID_ARGUMENT', `${this.name}: expected a process that was started`);
    return this.#process;
  }

  #onEnd(ended: RoleProcess, how: string, livedMs: number): void {
    if (!this.#wanted || this.#process !== ended) return;
    if (livedMs > SETTLED_MS) this.#pauseMs = PAUSE_MIN_MS;
    this.#options.events.died?.(this.name, how);
    if (this.#options.restart) this.#startLater();
  }

  #startLater(): void {
    this.#retry = setTimeout(() => {
      this.start().then(
        () => this.#options.events.returned?.(this.name, this.pid),
        (error: unknown) => {
          this.#options.events.failed?.(this.name, error);
          if (this.#wanted) this.#startLater();
        },
      );
    }, this.#pauseMs);
    this.#pauseMs = Math.min(2 * this.#pauseMs, PAUSE_MAX_MS);
  }
}
