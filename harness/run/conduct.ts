/** A whole run from the first probe to the last process ended. */
import { basename } from 'node:path';
import { openFloors } from '../floors/floors.ts';
import type { Plan } from '../plan.ts';
import { type Manifest, SCHEMA_VERSION } from '../records.ts';
import type { DriverSource } from '../registry.ts';
import { machineFacts, sourceFacts } from './facts.ts';
import { type Candidate, Fleet } from './fleet.ts';
import { Journal } from './journal.ts';
import type { Progress } from './progress.ts';
import { runRounds } from './runner.ts';
import { Scratch } from './scratch.ts';

export interface RunOptions {
  readonly plan: Plan;
  /** Those of the plan's platforms, in its order. */
  readonly sources: readonly DriverSource[];
  /** Folder for the run; made if it is not there. */
  readonly dir: string;
  readonly commandLine: readonly string[];
  readonly progress: Progress;
  /** Interrupts the run: what was measured stays, the platforms are stopped. */
  readonly signal: AbortSignal;
  /** How long idle platforms are watched. Default 1 s. */
  readonly idleMs?: number;
  /** Opens the floors to sample. Default: the machine's. */
  readonly openFloors?: typeof openFloors;
}

/** A run under way. */
export interface RunningRun {
  /** Resolves once everything is recorded and stopped. Rejects for a fault of the harness itself. */
  readonly finished: Promise<Manifest>;
  /** Ends all processes of all platforms at once. */
  kill(): void;
}

function describeRun({ plan, dir, commandLine }: RunOptions, candidates: readonly Candidate[]): Manifest {
  const workloads = Map.groupBy(plan.cases, ({ workload }) => workload);
  return {
    schemaVersion: SCHEMA_VERSION,
    run: basename(dir),
    experiment: plan.experiment.name,
    title: plan.experiment.title,
    profile: plan.profile,
    commandLine: [...commandLine],
    seed: plan.seed,
    executors: plan.executors,
    startedAt: new Date().toISOString(),
    state: 'running',
    source: sourceFacts(),
    machine: machineFacts(),
    platforms: candidates.map(({ driver, availability }) => ({
      name: driver.name,
      title: driver.title,
      class: driver.class,
      version: availability.runs ? availability.version : 'not available',
      delivery: driver.capabilities.delivery,
      durability: driver.capabilities.durability,
      isolation: driver.capabilities.isolation,
    })),
    workloads: [...workloads].map(([{ name, title }, cases]) => ({
      name,
      title,
      cases: cases.map(({ parameters }) => ({ ...parameters })),
    })),
  };
}

async function conduct(options: RunOptions, journal: Journal, fleet: Fleet): Promise<Manifest> {
  const { plan, sources, progress, signal } = options;
  const candidates = await fleet.candidates(sources);
  const manifest = describeRun(options, candidates);
  journal.writeManifest(manifest);
  const payloadBytes = plan.cases.flatMap(({ parameters }) => parameters.payloadBytes ?? []);
  const floors = await (options.openFloors ?? openFloors)(payloadBytes);
  try {
    for (const { driver, availability } of candidates) {
      if (signal.aborted || !availability.runs) continue;
      progress.note(`starting ${driver.title}`);
      await fleet.join(driver, plan.executors, plan.cases, signal);
    }
    await runRounds({ ...options, fleet, floors, journal });
  } finally {
    await Promise.all([fleet.stop(), floors.close()]);
  }
  const ended = {
    ...manifest,
    state: signal.aborted ? ('interrupted' as const) : ('complete' as const),
    endedAt: new Date().toISOString(),
  };
  journal.writeManifest(ended);
  return ended;
}

/** Begins a run. Throws an `InputError` if the folder holds a run already. */
export function startRun(options: RunOptions): RunningRun {
  const journal = new Journal(options.dir);
  const scratch = new Scratch();
  const fleet = new Fleet(journal, options.progress, scratch);
  const finished = conduct(options, journal, fleet).finally(() => {
    options.progress.end();
    journal.close();
    scratch.remove();
  });
  return { finished, kill: () => fleet.kill() };
}
