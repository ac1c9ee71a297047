import type { Capabilities, Support } from '../../workloads/api/driver.ts';
import type { Pattern } from '../../workloads/api/workflow.ts';
import { LIMITS } from '../core/limits.ts';

/** The paper's table 1: which trigger primitive stands for which pattern. */
const PATTERNS: Readonly<Record<Pattern, Support>> = {
  sequence: { kind: 'native', with: 'Immediate' },
  choice: { kind: 'native', with: 'ByName' },
  parallel: { kind: 'native', with: 'Immediate' },
  assemble: { kind: 'native', with: 'BySet' },
  map: { kind: 'native', with: 'Immediate and DynamicJoin' },
  batch: { kind: 'native', with: 'ByBatchSize' },
  window: { kind: 'native', with: 'ByTime' },
  'k-out-of-n': { kind: 'native', with: 'Immediate and Redundant' },
  group: { kind: 'native', with: 'DynamicGroup' },
};

export const CAPABILITIES: Capabilities = {
  patterns: PATTERNS,
  payloadLimitBytes: LIMITS.objectBytes,
  delivery: 'at-least-once',
  durability: 'none',
  isolation: 'thread',
};
