/** The summary of a run for machines: what `run --json FILE` writes. */
import { z } from 'zod';
import { absenceRecord, incidentRecord, manifest, type Run, SCHEMA_VERSION } from './records.ts';
import { caseKey, summarise, summariseFloors } from './summary.ts';

const distribution = {
  unit: z.literal('ns'),
  n: z.int().positive().describe('trials or samples that counted'),
  median: z.number(),
  ciLow: z.number().describe('lower end of the 95 % interval of the median (bootstrap)'),
  ciHigh: z.number(),
  p95: z.number(),
  p99: z.number(),
  min: z.number(),
};

const floorRatio = {
  floor: z.string().describe('name of the floor that the metric is set beside'),
  floorMedian: z.number(),
  ratio: z.number().describe('median over the median of the floor'),
  ratioLow: z.number().describe('lower end of the 95 % interval of the ratio (bootstrap, paired by round where every round has both)'),
  ratioHigh: z.number(),
};

const parameters = z.record(z.string(), z.number());

const row = z.strictObject({
  platform: z.string(),
  class: manifest.shape.platforms.element.shape.class.describe('how figures of the platform may be read'),
  workload: z.string(),
  parameters,
  metric: z
    .enum(['total', 'external', 'between', 'hop', 'compute'])
    .describe('hop: between over the hops of the longest path; the others as in the records'),
  ...distribution,
  ...z.object(floorRatio).partial().shape,
  otherFloors: z.array(z.strictObject(floorRatio)).optional(),
});

const fault = z.strictObject({
  platform: z.string(),
  workload: z.string(),
  parameters,
  outcome: z.enum(['wrong', 'failed']),
  code: z.string().optional().describe('of failures'),
  why: z.string().describe('of the first such trial'),
  count: z.int().positive(),
});

export const summaryFile = z.strictObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  ...manifest.pick({
    run: true,
    experiment: true,
    profile: true,
    commandLine: true,
    seed: true,
    executors: true,
    startedAt: true,
    endedAt: true,
    state: true,
    source: true,
    machine: true,
    platforms: true,
  }).shape,
  rows: z.array(row).describe('one for each platform, workload, parameters and metric'),
  floors: z.array(z.strictObject({ floor: z.string(), ...distribution })),
  faults: z.array(fault).describe('trials that are no measurement, warm-ups included, counted by kind'),
  absences: z.array(absenceRecord.omit({ kind: true })),
  incidents: z.array(incidentRecord.omit({ kind: true })),
});

export type SummaryFile = z.infer<typeof summaryFile>;

/** Sums up a run. The same run gives the same summary. */
export function summaryFileOf(run: Run): SummaryFile {
  const { title: _title, workloads: _workloads, ...essentials } = run.manifest;
  return {
    ...essentials,
    rows: summarise(run).map(({ otherFloors, ...rest }) => (otherFloors === undefined ? rest : { ...rest, otherFloors: [...otherFloors] })),
    floors: summariseFloors(run),
    faults: faultsOf(run),
    absences: run.records.flatMap((record) => (record.kind === 'absent' ? [withoutKind(record)] : [])),
    incidents: run.records.flatMap((record) => (record.kind === 'incident' ? [withoutKind(record)] : [])),
  };
}

function withoutKind<R extends { readonly kind: string }>({ kind: _kind, ...rest }: R): Omit<R, 'kind'> {
  return rest;
}

function faultsOf({ records }: Run): SummaryFile['faults'] {
  const found = new Map<string, SummaryFile['faults'][number]>();
  for (const record of records) {
    if (record.kind !== 'trial' || record.outcome.kind === 'ok') continue;
    const { platform, workload, parameters: given, outcome } = record;
    const code = outcome.kind === 'failed' ? { code: outcome.code } : {};
    const key = `${platform} ${caseKey(workload, given)} ${outcome.kind} ${code.code}`;
    const fault = found.get(key) ?? { platform, workload, parameters: given, outcome: outcome.kind, ...code, why: outcome.why, count: 0 };
    found.set(key, { ...fault, count: fault.count + 1 });
  }
  return [...found.values()];
}
