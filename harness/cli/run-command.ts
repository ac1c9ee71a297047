/** `pherobench run`: one experiment, from the plan to the table. */
import { closeSync, existsSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { refusedBy, unknownName } from '../input-error.ts';
import { type Choices, type Plan, planRun } from '../plan.ts';
import { MANIFEST_FILE, readRun } from '../read-run.ts';
import type { Run } from '../records.ts';
import { startRun } from '../run/conduct.ts';
import type { Progress } from '../run/progress.ts';
import type { Setting } from '../setting.ts';
import { summaryFileOf } from '../summary-file.ts';
import { experimentOf } from '../workload-experiment.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.ts';
import { onInterrupt } from './interrupt.ts';
import { writeReportOf } from './report-command.ts';
import { absencesOf, resultsTable } from './results-table.ts';
import { progressOn } from './terminal-progress.ts';

export const RESULTS_DIR = 'results';

/** What the command line of `run` says besides the experiment's name. */
export interface RunFlags {
  readonly platform?: readonly string[];
  readonly profile?: string;
  readonly param: readonly string[];
  readonly rounds?: number;
  readonly seed?: number;
  readonly out?: string;
  readonly json?: string;
  readonly report?: boolean;
}

/** Where a command gets what it needs from. */
export interface CommandContext {
  readonly setting: Setting;
  readonly commandLine: readonly string[];
  print(text: string): void;
}

/** Runs an experiment, or a workload by itself, and prints what came of it. Throws an `InputError` before anything is run. */
export async function runCommand(name: string, flags: RunFlags, { setting, commandLine, print }: CommandContext): Promise<ExitCode> {
  const { platform, profile, param, rounds, seed, json } = flags;
  const plan = planNamed(setting, name, {
    parameters: param,
    ...(platform && { platforms: platform }),
    ...(profile !== undefined && { profile }),
    ...(rounds !== undefined && { rounds }),
    ...(seed !== undefined && { seed }),
  });
  // Tried before the run, so that nobody waits for an hour to hear of a missing folder.
  if (json !== undefined) toJsonFile(json, (path) => closeSync(openSync(path, 'a')));
  const dir = flags.out ?? newRunDir(name, new Date());
  const run = await runToEnd({ plan, setting, dir, commandLine, progress: progressOn(process.stderr) });
  print(resultsTable(run));
  for (const line of absencesOf(run)) print(line);
  print(`Run: ${dir} (${run.manifest.state})`);
  if (json !== undefined) toJsonFile(json, (path) => writeFileSync(path, `${JSON.stringify(summaryFileOf(run), undefined, 2)}\n`));
  if (flags.report) await writeReportOf(dir, print);
  return exitCodeOf(run);
}

/** Does something to the file of `--json`. Throws an `InputError` if the file system refuses it. */
function toJsonFile(path: string, act: (path: string) => void): void {
  try {
    act(path);
  } catch (error) {
    throw refusedBy(error, `--json ${path}`, 'a file that can be written');
  }
}

/** Makes the plan of an experiment, or of a workload by itself. Throws an `InputError`. */
export function planNamed({ experiments, workloads, platforms }: Setting, name: string, choices: Choices): Plan {
  const names = platforms.map((platform) => platform.name);
  const workload = workloads.find((candidate) => candidate.name === name);
  const experiment =
    experiments.find((candidate) => candidate.name === name) ?? (workload && experimentOf(workload, experiments[0]?.platforms ?? names));
  if (experiment === undefined) {
    const known = [...experiments, ...workloads].map((candidate) => candidate.name);
    throw unknownName('experiment', name, [...new Set(known)]);
  }
  return planRun(experiment, choices, { workloads, platforms: names });
}

/** A folder of its own for a run that begins now, such as `results/20260704T121203Z-overview`. */
export function newRunDir(experiment: string, now: Date, resultsDir = RESULTS_DIR): string {
  const time = now.toISOString().replace(/\.\d+/, '').replaceAll(/[-:]/g, '');
  const base = join(resultsDir, `${time}-${experiment}`);
  let dir = base;
  for (let copy = 2; existsSync(dir); copy++) dir = `${base}-${copy}`;
  return dir;
}

export interface RunToEndOptions {
  readonly plan: Plan;
  readonly setting: Setting;
  readonly dir: string;
  readonly commandLine: readonly string[];
  readonly progress: Progress;
  readonly idleMs?: number;
}

/** Carries out a plan; Ctrl-C stops it in order, a second one ends the platforms and this process at once. */
export async function runToEnd({ plan, setting, progress, ...options }: RunToEndOptions): Promise<Run> {
  const interrupt = new AbortController();
  const sources = plan.platforms.map((name) => setting.platforms.find((platform) => platform.name === name)!);
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
