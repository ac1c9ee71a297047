import type { Capabilities, Support } from '../../workloads/api/driver.ts';
import type { Pattern } from '../../workloads/api/workflow.ts';
import { LIMITS } from '../core/limits.ts';

const LATER: Support = { kind: 'unsupported', why: 'its trigger primitive is not built yet' };

/** The paper's table 1: which trigger primitive stands for which pattern. */
export const SUPPORT: Readonly<Record<Pattern, Support>> = {
  sequence: { kind: 'native', with: 'Immediate' },
  choice: { kind: 'native', with: 'ByName' },
  parallel: { kind: 'native', with: 'Immediate' },
  assemble: { kind: 'native', with: 'BySet' },
  map: LATER,
  batch: LATER,
  window: LATER,
  'k-out-of-n': LATER,
  group: { kind: 'native', with: 'DynamicGroup' },
};

export const CAPABILITIES: Capabilities = {
  patterns: SUPPORT,
  payloadLimitBytes: LIMITS.objectBytes,
  delivery: 'at-least-once',
  durability: 'none',
  isolation: 'thread',
};
