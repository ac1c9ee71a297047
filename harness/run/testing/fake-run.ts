/** Whole runs on fake drivers, a fake workload and fake floors, for tests of the harness. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Workload } from '../../../workloads/api/workload.ts';
import { type Choices, planRun } from '../../plan.ts';
import { readRun } from '../../read-run.ts';
import type { Run, RunRecord } from '../../records.ts';
import type { DriverSource } from '../../registry.ts';
import { startRun } from '../conduct.ts';
import type { Progress } from '../progress.ts';

const echo: Workload<'size'> = {
  name: 'echo',
  title: 'Echo',
  description: 'Gives back what it got.',
  parameters: { size: { default: 1, min: 1, max: 9, unit: 'B', meaning: 'bytes' } },
  workflow: () => ({ name: 'echo', entry: 'f', functions: {}, dependencies: [], result: 'first' }),
  input: ({ size }, seed) => new Uint8Array(size).fill(seed),
  check: (_, input, outputs) =>
    Buffer.compare(input, outputs[0]!.bytes) === 0 ? { ok: true } : { ok: false, why: 'expected the input back' },
  hops: () => 1,
};

/** Two floors that cost nothing. */
const openFloors = async () => ({
  floors: ['tcp-round-trip', 'call'].map((name) => ({ name, sample: async () => 1 })),
  close: async () => {},
});
export const quiet: Progress = { note() {}, update() {}, end() {} };
export interface Setup extends Choices {
  readonly sweep?: readonly number[];
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
  readonly deadlineMs?: number;
  readonly budgetMs?: number;
  /** Default: a folder that is removed after the run. */
  readonly dir?: string;
}

/** Makes a run of three rounds of the fake workload and reads it back. */
export async function finishRun(sources: readonly DriverSource[], setup: Setup = {}): Promise<Run> {
  const { sweep = [1], signal = new AbortController().signal, progress = quiet, deadlineMs = 5_000, budgetMs = 60_000, ...choices } = setup;
  const quick = { warmups: 1, rounds: 3, executors: 1, deadlineMs, budgetMs };
  const experiment = {
    name: 'echoes',
    title: 'Echoes',
    question: '?',
    platforms: sources.map(({ name }) => name),
    cases: [{ workload: 'echo', sweep: { size: sweep } }],
    profiles: { quick, standard: quick, paper: quick },
  };
  const plan = planRun(experiment, choices, { workloads: [echo], platforms: experiment.platforms });
  const dir = setup.dir ?? mkdtempSync(join(tmpdir(), 'fake-run-'));
  try {
    await startRun({ plan, sources, dir, commandLine: ['pherobench'], progress, signal, idleMs: 1, openFloors }).finished;
    return readRun(dir);
  } finally {
    if (setup.dir === undefined) rmSync(dir, { recursive: true });
  }
}

export const ofKind = <K extends RunRecord['kind']>(run: Run, kind: K): Extract<RunRecord, { kind: K }>[] =>
  run.records.filter((record): record is Extract<RunRecord, { kind: K }> => record.kind === kind);

/** What the measured trials of a platform came to. */
export const outcomes = (run: Run, platform: string): string[] =>
  ofKind(run, 'trial')
    .filter((trial) => trial.platform === platform && trial.phase === 'measured')
    .map(({ outcome }) => outcome.kind);
