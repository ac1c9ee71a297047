/** Many rounds of the soak, and what they come to. */
import { chanceOf, type FaultRole } from './faults.ts';
import { playRound, prepare, type RoundReport } from './round.ts';
import { startSoakCluster } from './soak-cluster.ts';

export interface SoakOptions {
  /** What goes wrong. */
  readonly role: FaultRole;
  readonly rounds: number;
  /** Of the first round; each further one has the next. */
  readonly seed: number;
  /** For the logs of the processes; left out: they share this process's stderr. */
  readonly logFolder?: string | undefined;
  readonly onRound?: (seed: number, report: RoundReport) => void;
}

export interface SoakSummary {
  readonly rounds: number;
  readonly calls: number;
  readonly right: number;
  readonly retried: number;
  readonly failed: Readonly<Record<string, number>>;
  readonly events: number;
  readonly lostEvents: number;
  readonly repeatedEvents: number;
  readonly disturbed: number;
  /** Further rounds that say nothing; see {@link RoundReport.isVoid}. */
  readonly voided: number;
  readonly hangs: number;
  readonly leaks: number;
  /** What should not have been, with the seed of its round. */
  readonly violations: readonly string[];
}

/** Rounds that one cluster takes: what one of them leaves behind is found by those that follow. */
const ROUNDS_PER_CLUSTER = 25;

/** Plays rounds one after the other; a cluster that has had one with a violation is replaced. Rejects where none comes up. */
export async function soak({ role, rounds, seed, logFolder, onRound }: SoakOptions): Promise<SoakSummary> {
  const reports: RoundReport[] = [];
  const violations: string[] = [];
  for (let round = 0; round < rounds; ) {
    const cluster = await startSoakCluster(logFolder);
    try {
      await prepare(cluster);
      const end = Math.min(rounds, round + ROUNDS_PER_CLUSTER);
      for (let isWell = true; isWell && round < end; round++) {
        const report = await playRound(cluster, role, chanceOf(seed + round));
        reports.push(report);
        violations.push(...report.violations.map((violation) => `seed ${seed + round} (${report.fault}): ${violation}`));
        onRound?.(seed + round, report);
        isWell = report.violations.length === 0 && !report.isVoid;
      }
    } finally {
      violations.push(...(await cluster.stop()).map((name) => `before seed ${seed + round}: ${name} did not end in order`));
    }
  }
  return { ...totalOf(reports), violations };
}

function totalOf(all: readonly RoundReport[]): Omit<SoakSummary, 'violations'> {
  const reports = all.filter(({ isVoid }) => !isVoid);
  const sum = (of: (report: RoundReport) => number): number => reports.reduce((total, report) => total + of(report), 0);
  const failed: Record<string, number> = {};
  for (const report of reports) {
    for (const [code, count] of Object.entries(report.failed)) failed[code] = (failed[code] ?? 0) + count;
  }
  return {
    ...{
      rounds: reports.length,
      calls: sum(({ calls }) => calls),
      right: sum(({ right }) => right),
      retried: sum(({ retried }) => retried),
    },
    ...{ failed, events: sum(({ events }) => events), lostEvents: sum(({ lostEvents }) => lostEvents) },
    repeatedEvents: sum(({ repeatedEvents }) => repeatedEvents),
    ...{ disturbed: sum(({ disturbed }) => disturbed), voided: all.length - reports.length },
    ...{ hangs: sum(({ hangs }) => hangs), leaks: sum(({ leaks }) => leaks) },
  };
}
