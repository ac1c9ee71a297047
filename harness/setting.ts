/** What a command can choose from. */
import type { Workload } from '../workloads/api/workload.ts';
import { WORKLOADS } from '../workloads/catalogue.ts';
import type { Experiment } from './experiment.ts';
import { EXPERIMENTS } from './experiments.ts';
import { type DriverSource, PLATFORMS } from './registry.ts';

export interface Setting {
  readonly workloads: readonly Workload[];
  readonly platforms: readonly DriverSource[];
  readonly experiments: readonly Experiment[];
}

/** What is in this package. */
export const BUILT_IN: Setting = { workloads: WORKLOADS, platforms: PLATFORMS, experiments: EXPERIMENTS };
