/** Carries out a plan: starts the platforms, interleaves their trials round by round, and records what happens at once. */
import { setTimeout as sleep } from 'node:timers/promises';
import { nowNs } from '../clock.ts';
import type { Floor } from '../floors/floor.ts';
import type { OpenFloors } from '../floors/floors.ts';
import type { Plan, PlannedCase } from '../plan.ts';
import type { TrialRecord } from '../records.ts';
import { deriveSeed, Random } from '../statistics/random.ts';
import type { Contestant } from './contestant.ts';
import type { Fleet } from './fleet.ts';
import type { Journal } from './journal.ts';
import { memoryBytes, processorNs, usageIsKnown } from './processes.ts';
import { estimateLeftMs, type Progress } from './progress.ts';
import { roundSteps } from './steps.ts';
import { runTrial } from './trial.ts';

/** What a run works with. */
export interface RunContext {
  readonly plan: Plan;
  readonly fleet: Fleet;
  readonly floors: OpenFloors;
  readonly journal: Journal;
  readonly progress: Progress;
  /** Ends the run after the trial under way. */
  readonly signal: AbortSignal;
  /** How long idle platforms are watched. Default 1 s. */
  readonly idleMs?: number;
}

const GIVE_UP_AFTER = 3;
const PHASES = { warmup: 0, measured: 1 } as const;

/** Runs warm-up rounds, the idle sample and the measured rounds on the platforms of `fleet`. Stops early at `signal`. */
export async function runRounds(context: RunContext): Promise<void> {
  const { plan, signal } = context;
  const clock = new RunClock(context);
  for (let round = 0; round < plan.warmups && !signal.aborted; round++) await runRound(context, 'warmup', round, clock);
  if (!signal.aborted) await sampleIdle(context);
  clock.startBudget();
  for (let round = 0; round < plan.rounds && !signal.aborted && !clock.isBudgetSpent(); round++) {
    await runRound(context, 'measured', round, clock);
  }
}

/** Knows how far a run has come and when it has to end. */
class RunClock {
  readonly #context: RunContext;
  readonly #startedMs = performance.now();
  #budgetEndsMs = Infinity;

  constructor(context: RunContext) {
    this.#context = context;
  }

  startBudget(): void {
    this.#budgetEndsMs = performance.now() + (this.#context.plan.budgetMs ?? Infinity);
  }

  isBudgetSpent(): boolean {
    return performance.now() >= this.#budgetEndsMs;
  }

  /** Tells the user; `part` is the share of the round that is done. */
  tell(phase: TrialRecord['phase'], round: number, part: number): void {
    const { plan, progress } = this.#context;
    const before = phase === 'warmup' ? 0 : plan.warmups;
    const done = (before + round + part) / (plan.warmups + plan.rounds);
    const nowMs = performance.now();
    progress.update({
      phase: phase === 'warmup' ? `warm-up ${round + 1} of ${plan.warmups}` : `round ${round + 1} of ${plan.rounds}`,
      done,
      leftMs: estimateLeftMs(done, nowMs - this.#startedMs, this.#budgetEndsMs - nowMs),
    });
  }
}

async function runRound(context: RunContext, phase: TrialRecord['phase'], round: number, clock: RunClock): Promise<void> {
  const { plan, fleet, floors, signal } = context;
  const random = new Random(deriveSeed(plan.seed, PHASES[phase], round));
  const steps = roundSteps(plan.cases, fleet.contestants, floors.floors, random);
  for (const [index, step] of steps.entries()) {
    if (signal.aborted) return;
    clock.tell(phase, round, index / steps.length);
    if (step.kind === 'trial') await tryCase(context, step.platform, step.case, phase, round);
    else await sampleFloor(context, step.floor, phase, round);
  }
  await fleet.bury();
}

async function sampleFloor({ journal }: RunContext, floor: Floor, phase: TrialRecord['phase'], round: number): Promise<void> {
  const takenNs = nowNs();
  const valueNs = await floor.sample();
  if (phase === 'measured') journal.append({ kind: 'floor', round, floor: floor.name, takenNs, valueNs });
}

async function tryCase(
  { plan, fleet, journal, progress, signal }: RunContext,
  contestant: Contestant,
  planned: PlannedCase,
  phase: TrialRecord['phase'],
  round: number,
): Promise<void> {
  const deployment = contestant.deployment(planned);
  // The platform may have refused the case, given up on it or died since the round began.
  if (deployment === undefined || !fleet.contestants.includes(contestant)) return;
  const seed = deriveSeed(plan.seed, PHASES[phase], round, plan.cases.indexOf(planned));
  const record = await runTrial(deployment, planned, {
    platform: contestant.name,
    phase,
    round,
    seed,
    deadlineMs: plan.deadlineMs,
    signal,
  });
  // A trial that was cut off says nothing about the platform.
  if (signal.aborted) return;
  journal.append(record);
  const { outcome } = record;
  const failures = contestant.count(planned, outcome.kind === 'ok');
  if (outcome.kind === 'ok') return;
  const reason = outcome.kind === 'wrong' ? `wrong output: ${outcome.why}` : `${outcome.code}: ${outcome.why}`;
  if (failures === 1) progress.note(`${contestant.name}, ${planned.workload.name}: ${reason}`);
  await fleet.bury();
  if (failures === GIVE_UP_AFTER) {
    contestant.withdraw(planned);
    fleet.absent(
      contestant.name,
      { code: 'FAILED_REPEATEDLY', why: `${GIVE_UP_AFTER} trials in a row failed, the last with ${reason}` },
      planned,
    );
  }
}

/** Watches all platforms at once while nothing is asked of them. */
async function sampleIdle({ fleet, journal, progress, signal, idleMs = 1_000 }: RunContext): Promise<void> {
  if (fleet.contestants.length === 0) return;
  if (!usageIsKnown()) {
    progress.note('idle memory and processor time: skipped, this machine has no /proc');
    return;
  }
  const used = (contestant: Contestant): number => contestant.pids().reduce((sum, pid) => sum + processorNs(pid), 0);
  const before = fleet.contestants.map((contestant) => ({ contestant, startedNs: nowNs(), usedNs: used(contestant) }));
  await sleep(idleMs, undefined, { signal }).catch(() => {});
  if (signal.aborted) return;
  for (const { contestant, startedNs, usedNs } of before) {
    const overNs = nowNs() - startedNs;
    // A thread that ended since has taken its time with it.
    const cpuNs = Math.max(0, used(contestant) - usedNs);
    const memory = contestant.pids().reduce((sum, pid) => sum + memoryBytes(pid), 0);
    journal.append({ kind: 'idle', platform: contestant.name, overNs, cpuNs, memoryBytes: memory });
  }
}
