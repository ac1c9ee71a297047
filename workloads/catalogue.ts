/** Every workload there is. */
import type { Workload } from './api/workload.ts';
import { chain } from './chain/workload.ts';
import { wordCount } from './word-count/workload.ts';

export const WORKLOADS: readonly Workload[] = [chain, wordCount];

export { chain, wordCount };
