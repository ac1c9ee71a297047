/** Figures of a run: one row for each platform, case and metric, set beside the floor of the metric's own kind. */
import { medianSorted, quantileSorted } from 'simple-statistics';
import type { PlatformClass } from '../workloads/api/driver.ts';
import { copyFloorName } from './floors/names.ts';
import type { FloorRecord, Run, TrialRecord } from './records.ts';
import { bootstrapComparison, bootstrapMedian, bootstrapPaired, type Estimate, ratio } from './statistics/bootstrap.ts';
import { deriveSeed, Random } from './statistics/random.ts';

/** `hop` is `between` over the hops of the longest path; the others are parts of {@link TrialRecord}. */
export type Metric = 'total' | 'external' | 'between' | 'hop' | 'compute';

/** How the values of one metric are distributed; in nanoseconds, with a 95 % interval of the median. */
export interface Distribution {
  readonly unit: 'ns';
  readonly n: number;
  readonly median: number;
  readonly ciLow: number;
  readonly ciHigh: number;
  readonly p95: number;
  readonly p99: number;
  readonly min: number;
}

export interface SummaryRow extends Distribution {
  readonly platform: string;
  readonly class: PlatformClass;
  readonly workload: string;
  readonly parameters: Readonly<Record<string, number>>;
  readonly metric: Metric;
  /** The floor that the metric is set beside, where the run sampled it; the other fields of a {@link FloorRatio} come with it. */
  readonly floor?: string;
  readonly floorMedian?: number;
  readonly ratio?: number;
  readonly ratioLow?: number;
  readonly ratioHigh?: number;
  /** Further floors that the metric can be read beside. */
  readonly otherFloors?: readonly FloorRatio[];
}

/** A metric set beside a floor of the same run. */
export interface FloorRatio {
  readonly floor: string;
  readonly floorMedian: number;
  /** Median over the floor's median, with its 95 % interval. */
  readonly ratio: number;
  readonly ratioLow: number;
  readonly ratioHigh: number;
}

export interface FloorRow extends Distribution {
  readonly floor: string;
}

/**
 * What the machine at hand needs for the bare thing: a call for the whole and its external part, a hop for what
 * lies between functions (a run of several hops costs several). Computing has no floor: it is the workload's own.
 * The first is the one that the metric is set beside.
 */
function floorsOf(metric: Metric, { payloadBytes }: TrialRecord['parameters']): readonly string[] {
  const copy = payloadBytes === undefined ? [] : [copyFloorName(payloadBytes)];
  return { ...FLOORS_OF, hop: [...FLOORS_OF.hop, ...copy] }[metric];
}

const FLOORS_OF: Readonly<Record<Metric, readonly string[]>> = {
  total: ['tcp-round-trip'],
  external: ['tcp-round-trip'],
  between: ['mailbox-parked'],
  hop: ['mailbox-parked', 'mailbox-spinning'],
  compute: [],
};
const METRICS: readonly Metric[] = ['total', 'external', 'between', 'hop', 'compute'];

interface Sample {
  readonly round: number;
  readonly value: number;
}

function metricOf(trial: TrialRecord, metric: Metric): number | undefined {
  const { outcome } = trial;
  if (outcome.kind !== 'ok') return undefined;
  if (metric === 'total') return trial.totalNs;
  if (metric === 'external') return outcome.externalNs;
  if (metric === 'between') return outcome.betweenNs;
  if (metric === 'compute') return outcome.computeNs;
  return outcome.hops ? outcome.betweenNs / outcome.hops : undefined;
}

/** A text that is the same for equal parameters, in whatever order they stand. */
export function caseKey(workload: string, parameters: Readonly<Record<string, number>>): string {
  return JSON.stringify([workload, Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1))]);
}

function distribution(samples: readonly Sample[], random: Random): Distribution {
  const values = samples.map(({ value }) => value).sort((a, b) => a - b);
  const { low, high } = bootstrapMedian(values, { random });
  return {
    unit: 'ns',
    n: values.length,
    median: medianSorted(values),
    ciLow: low,
    ciHigh: high,
    p95: quantileSorted(values, 0.95),
    p99: quantileSorted(values, 0.99),
    min: values[0]!,
  };
}

/** Paired by round if every round has both values, else as independent samples. */
function ratioToFloor(samples: readonly Sample[], floor: readonly Sample[], random: Random): Estimate {
  const floorAt = new Map(floor.map(({ round, value }) => [round, value]));
  if (floorAt.size === floor.length && samples.every(({ round }) => floorAt.has(round))) {
    return bootstrapPaired(
      samples.map(({ round, value }) => [value, floorAt.get(round)!]),
      ratio,
      { random },
    );
  }
  const values = (of: readonly Sample[]): number[] => of.map(({ value }) => value);
  return bootstrapComparison(values(samples), values(floor), ratio, { random });
}

function floorSamples(run: Run): Map<string, FloorRecord[]> {
  return Map.groupBy(
    run.records.filter((record) => record.kind === 'floor'),
    ({ floor }) => floor,
  );
}

const samplesOf = (floor: readonly FloorRecord[]): Sample[] => floor.map(({ round, valueNs }) => ({ round, value: valueNs }));

/** The floors of a run, the cheapest first. */
export function summariseFloors(run: Run): FloorRow[] {
  const random = new Random(deriveSeed(run.manifest.seed, 1));
  const rows = [...floorSamples(run)].map(([floor, records]) => ({ floor, ...distribution(samplesOf(records), random) }));
  return rows.sort((a, b) => a.median - b.median);
}

/** The measured, right trials of a run. The same run gives the same rows, intervals included. */
export function summarise(run: Run): SummaryRow[] {
  const random = new Random(deriveSeed(run.manifest.seed, 2));
  const classes = new Map(run.manifest.platforms.map(({ name, class: platformClass }) => [name, platformClass]));
  const floors = new Map([...floorSamples(run)].map(([floor, records]) => [floor, samplesOf(records)]));
  const measured = run.records.filter((record) => record.kind === 'trial').filter(({ phase }) => phase === 'measured');
  const groups = Map.groupBy(measured, ({ platform, workload, parameters }) => `${platform} ${caseKey(workload, parameters)}`);
  const rows: SummaryRow[] = [];
  for (const trials of groups.values()) {
    const { platform, workload, parameters } = trials[0]!;
    for (const metric of METRICS) {
      const samples = trials.flatMap((trial): Sample[] => {
        const value = metricOf(trial, metric);
        return value === undefined ? [] : [{ round: trial.round, value }];
      });
      if (samples.length === 0) continue;
      const row = {
        platform,
        class: classes.get(platform) ?? 'real',
        workload,
        parameters,
        metric,
        ...distribution(samples, random),
      };
      rows.push({ ...row, ...besideFloors(floorsOf(metric, parameters), samples, floors, random) });
    }
  }
  return rows;
}

function besideFloors(
  names: readonly string[],
  samples: readonly Sample[],
  floors: ReadonlyMap<string, readonly Sample[]>,
  random: Random,
): Partial<SummaryRow> {
  const [first, ...otherFloors] = names.flatMap((floor): FloorRatio[] => {
    const against = floors.get(floor);
    if (against === undefined) return [];
    const { value, low, high } = ratioToFloor(samples, against, random);
    const floorMedian = medianSorted(against.map((sample) => sample.value).sort((a, b) => a - b));
    return [{ floor, floorMedian, ratio: value, ratioLow: low, ratioHigh: high }];
  });
  return { ...first, ...(otherFloors.length === 0 ? {} : { otherFloors }) };
}
