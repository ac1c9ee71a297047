/** A platform that takes part in a run: started, with a deployment for each case that it can take. */
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Deployment, Driver, Platform } from '../../workloads/api/driver.ts';
import type { PlannedCase } from '../plan.ts';
import { isAlive, kill } from './processes.ts';
import { within } from './within.ts';

const START_WITHIN_MS = 60_000;
const DEPLOY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 10_000;
/** A process that dies is replaced by its platform within this time, or the platform is broken. */
const REPLACE_WITHIN_MS = 1_000;
/** Processes may take this long to be gone after the platform says that it has stopped. */
const EXIT_WITHIN_MS = 1_000;
const POLL_MS = 20;

/** What became of processes that were seen to run and run no more. */
export interface Deaths {
  /** The platform has put others in their place. */
  readonly replaced: readonly number[];
  /** The platform still counts on them. */
  readonly missed: readonly number[];
}

/** Waits until `holds` or until the time is over; says whether it holds. */
async function eventually(holds: () => boolean, withinMs: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < withinMs && !holds(); waitedMs += POLL_MS) await sleep(POLL_MS);
  return holds();
}

/** A started platform. It is the run's duty to stop it. */
export class Contestant {
  readonly driver: Driver;
  readonly #platform: Platform;
  readonly #dataDir: string;
  readonly #deployments = new Map<PlannedCase, Deployment>();
  readonly #failuresInRow = new Map<PlannedCase, number>();
  readonly #seen = new Set<number>();

  private constructor(driver: Driver, platform: Platform, dataDir: string) {
    this.driver = driver;
    this.#platform = platform;
    this.#dataDir = dataDir;
  }

  /** Starts a platform in `dataDir`, which it then owns. Rejects, with nothing left behind, if it does not start. */
  static async start(driver: Driver, executors: number, dataDir: string, signal: AbortSignal): Promise<Contestant> {
    const starting = driver.start({ executors, dataDir });
    try {
      return new Contestant(driver, await within(START_WITHIN_MS, `start of ${driver.name}`, starting, signal), dataDir);
    } catch (error) {
      const ended = starting
        .then((platform) => platform.stop())
        .catch(() => {})
        .finally(() => rmSync(dataDir, { recursive: true, force: true }));
      // One that comes up after all is ended again, and waited for: this process may be about to exit.
      await within(STOP_WITHIN_MS, `stop of ${driver.name}`, ended).catch(() => {});
      throw error;
    }
  }

  get name(): string {
    return this.driver.name;
  }

  pids(): readonly number[] {
    return this.#platform.pids();
  }

  /** Deploys a case under a name of its own. Rejects with a `DriverError` where the platform cannot take it. */
  async deploy(planned: PlannedCase, id: number, signal: AbortSignal): Promise<void> {
    const workflow = planned.workload.workflow(planned.parameters);
    const deploying = this.#platform.deploy({ ...workflow, name: `${workflow.name}-${id}` });
    this.#deployments.set(planned, await within(DEPLOY_WITHIN_MS, `deployment on ${this.name}`, deploying, signal));
  }

  /** The deployment of a case, or `undefined` where the platform does not (or no longer) take part in it. */
  deployment(planned: PlannedCase): Deployment | undefined {
    return this.#deployments.get(planned);
  }

  /** Counts a trial's success or failure; returns how many failures there were in a row. */
  count(planned: PlannedCase, succeeded: boolean): number {
    const failures = succeeded ? 0 : (this.#failuresInRow.get(planned) ?? 0) + 1;
    this.#failuresInRow.set(planned, failures);
    return failures;
  }

  /** Takes part in a case no more. */
  withdraw(planned: PlannedCase): void {
    this.#deployments.delete(planned);
  }

  /** Finds processes that have died since the last call, and tells whether the platform has noticed. */
  async deaths(): Promise<Deaths> {
    const missing = (): number[] => this.pids().filter((pid) => !isAlive(pid));
    for (const pid of this.pids()) this.#seen.add(pid);
    const dead = [...this.#seen].filter((pid) => !isAlive(pid));
    if (dead.length === 0) return { replaced: [], missed: [] };
    await eventually(() => missing().length === 0, REPLACE_WITHIN_MS);
    const missed = missing();
    for (const pid of dead) this.#seen.delete(pid);
    return { replaced: dead.filter((pid) => !missed.includes(pid)), missed };
  }

  /** Stops the platform and removes its files; returns the processes that it left behind, now killed. */
  async stop(): Promise<readonly number[]> {
    const pids = new Set([...this.#seen, ...this.pids()]);
    await within(STOP_WITHIN_MS, `stop of ${this.name}`, this.#platform.stop()).catch(() => {});
    const left = (): number[] => [...pids].filter(isAlive);
    const gone = await eventually(() => left().length === 0, EXIT_WITHIN_MS);
    const orphans = gone ? [] : left();
    for (const pid of orphans) kill(pid);
    rmSync(this.#dataDir, { recursive: true, force: true, maxRetries: 3 });
    return orphans;
  }

  /** Ends the platform's processes at once, without asking. */
  kill(): void {
    for (const pid of this.pids()) kill(pid);
  }
}
