/** The platforms of a run: started one after the other, watched while they run, stopped whatever happens. */
import type { Availability, Driver } from '../../workloads/api/driver.ts';
import type { PlannedCase } from '../plan.ts';
import type { DriverSource } from '../registry.ts';
import { Contestant } from './contestant.ts';
import type { Journal } from './journal.ts';
import type { Progress } from './progress.ts';
import type { Scratch } from './scratch.ts';
import { describe } from './within.ts';

/** Why a platform, or a case on it, is left out. */
export interface Reason {
  readonly code: string;
  readonly why: string;
}

/** A driver that has been loaded, and whether it can run here. */
export interface Candidate {
  readonly driver: Driver;
  readonly availability: Availability;
}

/** Loads and probes a driver. Rejects if its module cannot be loaded. */
export async function probe(source: DriverSource): Promise<Candidate> {
  const driver = await source.load();
  try {
    return { driver, availability: await driver.probe() };
  } catch (error) {
    return { driver, availability: { runs: false, why: `its probe failed: ${describe(error).why}`, remedy: 'see the message' } };
  }
}

/** Keeps count of the platforms that take part, and records why others do not. */
export class Fleet {
  readonly #journal: Journal;
  readonly #progress: Progress;
  readonly #scratch: Scratch;
  #contestants: Contestant[] = [];

  constructor(journal: Journal, progress: Progress, scratch: Scratch) {
    this.#journal = journal;
    this.#progress = progress;
    this.#scratch = scratch;
  }

  /** The platforms that run at present. */
  get contestants(): readonly Contestant[] {
    return this.#contestants;
  }

  /** Records that a platform, or one case on it, takes no part. */
  absent(platform: string, { code, why }: Reason, planned?: PlannedCase): void {
    const part = planned === undefined ? {} : { workload: planned.workload.name, parameters: planned.parameters };
    this.#journal.append({ kind: 'absent', platform, ...part, code, why });
    this.#progress.note(`${platform}${planned === undefined ? '' : `, ${planned.workload.name}`}: absent from here on, ${code}: ${why}`);
  }

  /** Loads and probes drivers; those that cannot run here are recorded as absent. */
  async candidates(sources: readonly DriverSource[]): Promise<Candidate[]> {
    const candidates: Candidate[] = [];
    for (const source of sources) {
      try {
        const candidate = await probe(source);
        candidates.push(candidate);
        const { availability } = candidate;
        if (!availability.runs) this.absent(source.name, { code: 'NOT_AVAILABLE', why: `${availability.why}; ${availability.remedy}` });
      } catch (error) {
        this.absent(source.name, { code: 'DRIVER_NOT_LOADED', why: describe(error).why });
      }
    }
    return candidates;
  }

  /** Starts a platform and deploys the cases. What does not start or is refused is recorded as absent. */
  async join(driver: Driver, executors: number, cases: readonly PlannedCase[], signal: AbortSignal): Promise<void> {
    let contestant: Contestant;
    try {
      contestant = await Contestant.start(driver, executors, this.#scratch.folder(driver.name), signal);
    } catch (error) {
      if (!signal.aborted) this.absent(driver.name, describe(error));
      return;
    }
    this.#contestants.push(contestant);
    for (const [index, planned] of cases.entries()) {
      try {
        await contestant.deploy(planned, index, signal);
      } catch (error) {
        if (signal.aborted) return;
        this.absent(driver.name, describe(error), planned);
      }
    }
    await this.bury();
  }

  /** Looks for processes that have died. A platform that has not replaced them is stopped and absent from here on. */
  async bury(): Promise<void> {
    for (const contestant of this.#contestants) {
      const { replaced, missed } = await contestant.deaths();
      const { name } = contestant;
      for (const pid of replaced)
        this.#incident(name, { code: 'PROCESS_REPLACED', why: `process ${pid} ended and the platform went on without it` });
      if (missed.length > 0) {
        this.absent(name, { code: 'PROCESS_DIED', why: `expected its processes to run, ${missed.join(', ')} ended` });
        await this.#leave(contestant);
      }
    }
  }

  /** Stops all platforms. */
  async stop(): Promise<void> {
    await Promise.all(this.#contestants.map((contestant) => this.#leave(contestant)));
  }

  /** Ends all processes of all platforms at once. */
  kill(): void {
    for (const contestant of this.#contestants) contestant.kill();
  }

  async #leave(contestant: Contestant): Promise<void> {
    for (const pid of await contestant.stop()) {
      this.#incident(contestant.name, { code: 'PROCESS_LEFT', why: `process ${pid} still ran after the stop and was killed` });
    }
    this.#contestants = this.#contestants.filter((other) => other !== contestant);
  }

  #incident(platform: string, { code, why }: Reason): void {
    this.#journal.append({ kind: 'incident', platform, code, why });
    this.#progress.note(`${platform}: ${code}: ${why}`);
  }
}
