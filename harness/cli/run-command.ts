/** `pherobench run`: one experiment, from the plan to the table. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { WORKLOADS } from '../../workloads/catalogue.ts';
import { EXPERIMENTS } from '../experiments.ts';
import { unknownName } from '../input-error.ts';
import { type Choices, type Plan, planRun } from '../plan.ts';
import { MANIFEST_FILE, readRun } from '../read-run.ts';
import type { Run } from '../records.ts';
import { PLATFORMS } from '../registry.ts';
import { startRun } from '../run/conduct.ts';
import type { Progress } from '../run/progress.ts';
import { EXIT } from './exit-codes.ts';
import { onInterrupt } from './interrupt.ts';

export const RESULTS_DIR = 'results';

/** Makes the plan of an experiment. Throws an `InputError`. */
export function planNamed(name: string, choices: Choices): Plan {
  const experiment = EXPERIMENTS.find((candidate) => candidate.name === name);
  if (experiment === undefined)
    throw unknownName(
      'experiment',
      name,
      EXPERIMENTS.map((candidate) => candidate.name),
    );
  return planRun(experiment, choices, { workloads: WORKLOADS, platforms: PLATFORMS.map((platform) => platform.name) });
}

/** A folder of its own for a run that begins now, such as `results/20260704T121203Z-overview`. */
export function newRunDir(experiment: string, now: Date, resultsDir = RESULTS_DIR): string {
  const time = now.toISOString().replace(/\.\d+/, '').replaceAll(/[-:]/g, '');
  const base = join(resultsDir, `${time}-${experiment}`);
  let dir = base;
  for (let copy = 2; existsSync(dir); copy++) dir = `${base}-${copy}`;
  return dir;
}

export interface RunCommandOptions {
  readonly plan: Plan;
  readonly dir: string;
  readonly commandLine: readonly string[];
  readonly progress: Progress;
  readonly idleMs?: number;
}

/** Carries out a plan; Ctrl-C stops it in order, a second one ends the platforms and this process at once. */
export async function runToEnd({ plan, progress, ...options }: RunCommandOptions): Promise<Run> {
  const interrupt = new AbortController();
  const sources = plan.platforms.map((name) => PLATFORMS.find((platform) => platform.name === name)!);
  const running = startRun({ plan, sources, progress, signal: interrupt.signal, ...options });
  const stopListening = onInterrupt(
    () => {
      progress.note(`interrupted: stopping the platforms, keeping ${join(options.dir, MANIFEST_FILE)}; again to end them at once`);
      interrupt.abort();
    },
    () => {
      running.kill();
      process.exit(EXIT.interrupted);
    },
  );
  try {
    await running.finished;
  } finally {
    stopListening();
  }
  return readRun(options.dir);
}
