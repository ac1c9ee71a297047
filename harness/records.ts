/**
 * What a run leaves behind: `manifest.json`, and `records.jsonl` with one line per trial and per floor sample,
 * written as it happens. Times are nanoseconds on the host's monotonic clock, durations nanoseconds.
 */
import { z } from 'zod';

export const SCHEMA_VERSION = 1;

const duration = z.number().nonnegative().describe('nanoseconds');
const count = z.number().int().nonnegative();
const parameters = z.record(z.string(), z.number());

/** One run of one workload on one platform. */
export const trialRecord = z.strictObject({
  kind: z.literal('trial'),
  phase: z.enum(['warmup', 'measured']).describe('warm-up trials are recorded, and never counted'),
  round: count,
  platform: z.string(),
  workload: z.string(),
  parameters,
  seed: z.number().int(),
  calledNs: z.number(),
  totalNs: duration.describe('from the call to its result, in the harness'),
  outcome: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('ok'),
      externalNs: duration
        .optional()
        .describe("call to first body, plus last body to result; absent where the platform's clock is not the host's"),
      betweenNs: duration.describe("between the first body's start and the last body's end: time in which no body ran"),
      computeNs: duration.describe('time in which at least one body ran'),
      invocations: count.describe('of function bodies'),
      hops: count.optional().describe('on the path from the first body to the last; betweenNs over this is the latency of a hop'),
      injectedNs: duration.optional().describe('the delay that a calibration platform really added'),
    }),
    z.strictObject({ kind: z.literal('wrong'), why: z.string() }).describe('the run ended, but its output is not right'),
    z.strictObject({ kind: z.literal('failed'), code: z.string(), why: z.string() }),
  ]),
});

/** One sample of a floor, taken between the trials of a round. */
export const floorRecord = z.strictObject({
  kind: z.literal('floor'),
  round: count,
  floor: z.string().describe('such as call, mailbox-spinning, mailbox-parked, tcp-round-trip, memcpy-8B'),
  takenNs: z.number(),
  valueNs: duration,
});

/** A platform that could not run, or stopped running, and why. Nothing is dropped silently. */
export const absenceRecord = z.strictObject({
  kind: z.literal('absent'),
  platform: z.string(),
  workload: z.string().optional().describe('absent: the whole platform; given: only this workload with these parameters'),
  parameters: parameters.optional(),
  code: z.string(),
  why: z.string(),
});

/** Memory and processor time of a platform's processes while it had nothing to do. */
export const idleRecord = z.strictObject({
  kind: z.literal('idle'),
  platform: z.string(),
  overNs: duration.describe('for how long it was watched'),
  cpuNs: duration,
  memoryBytes: count.describe('proportional set size of all processes'),
});

/** Something that happened to a platform and did not stop it, such as a process of it that died and was replaced. */
export const incidentRecord = z.strictObject({
  kind: z.literal('incident'),
  platform: z.string(),
  code: z.string(),
  why: z.string(),
});

export const runRecord = z.discriminatedUnion('kind', [trialRecord, floorRecord, absenceRecord, idleRecord, incidentRecord]);

export const manifest = z.strictObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  run: z.string(),
  experiment: z.string(),
  title: z.string(),
  profile: z.string(),
  commandLine: z.array(z.string()),
  seed: z.number().int(),
  executors: z.number().int().positive().optional().describe('what every platform was given: how many bodies may compute at once'),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().optional(),
  state: z.enum(['running', 'complete', 'interrupted']).describe('running: the file was never finished, the run was killed'),
  source: z.strictObject({ version: z.string(), commit: z.string().optional(), diffHash: z.string().optional() }),
  machine: z.strictObject({
    os: z.string(),
    kernel: z.string(),
    arch: z.string(),
    cpu: z.string(),
    cores: z.number().int().positive(),
    memoryBytes: z.number().int().positive(),
    node: z.string(),
  }),
  platforms: z.array(
    z.strictObject({
      name: z.string(),
      title: z.string(),
      class: z.enum(['real', 'replica', 'emulation', 'calibration']),
      version: z.string(),
      delivery: z.string(),
      durability: z.string(),
      isolation: z.string(),
    }),
  ),
  workloads: z.array(z.strictObject({ name: z.string(), title: z.string(), cases: z.array(parameters) })),
});

export type TrialRecord = z.infer<typeof trialRecord>;
export type FloorRecord = z.infer<typeof floorRecord>;
export type AbsenceRecord = z.infer<typeof absenceRecord>;
export type IdleRecord = z.infer<typeof idleRecord>;
export type IncidentRecord = z.infer<typeof incidentRecord>;
export type RunRecord = z.infer<typeof runRecord>;
export type Manifest = z.infer<typeof manifest>;

/** A run as read back from its folder. */
export interface Run {
  readonly manifest: Manifest;
  readonly records: readonly RunRecord[];
  /** The last line was cut in half, as when the harness is killed, and is left out. */
  readonly truncated?: boolean;
}
