/** What a module of the user's has to export to count as a workload, a platform or an experiment. */
import { z } from 'zod';
import { PATTERNS } from '../../workloads/api/workflow.ts';

const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, { error: 'expected lower-case letters, digits and dashes' });
const method = z.custom<(...given: never[]) => never>((value) => typeof value === 'function', { error: 'expected a function' });
const text = z.string();

const parameter = z.strictObject({ default: z.number(), min: z.number(), max: z.number(), unit: text, meaning: text });

const workloadShape = z.looseObject({
  name,
  title: text,
  description: text,
  parameters: z.record(text, parameter),
  workflow: method,
  input: method,
  check: method,
  hops: method.optional(),
});

const support = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('native'), with: text }),
  z.strictObject({ kind: z.literal('emulated'), with: text, lines: z.number().optional() }),
  z.strictObject({ kind: z.literal('unsupported'), why: text }),
]);

const driverShape = z.looseObject({
  name,
  title: text,
  class: z.enum(['real', 'replica', 'emulation', 'calibration']),
  capabilities: z.looseObject({
    patterns: z.record(z.enum(PATTERNS), support),
    payloadLimitBytes: z.number().or(z.literal(Number.POSITIVE_INFINITY)),
    delivery: z.enum(['at-most-once', 'at-least-once', 'exactly-once']),
    durability: z.enum(['none', 'process', 'machine']),
    isolation: z.enum(['none', 'thread', 'process', 'container']),
  }),
  probe: method,
  start: method,
});

const sweep = z.record(text, z.array(z.int()).min(1));

const profile = z.strictObject({
  warmups: z.int().min(0),
  rounds: z.int().min(1),
  executors: z.int().min(1),
  budgetMs: z.number().positive().optional(),
  deadlineMs: z.number().positive().optional(),
  sweep: sweep.optional(),
});

const experimentShape = z.strictObject({
  name,
  title: text,
  question: text,
  platforms: z.array(text),
  cases: z.array(z.strictObject({ workload: text, sweep })),
  profiles: z.strictObject({ quick: profile, standard: profile, paper: profile }),
});

/** One kind of thing that a config names. */
export interface Kind {
  /** Such as `workload`. */
  readonly name: string;
  /** The property that tells such a value from whatever else a module exports. */
  readonly mark: string;
  readonly shape: z.ZodType;
}

export const WORKLOAD: Kind = { name: 'workload', mark: 'workflow', shape: workloadShape };
export const PLATFORM: Kind = { name: 'platform', mark: 'start', shape: driverShape };
export const EXPERIMENT: Kind = { name: 'experiment', mark: 'cases', shape: experimentShape };
