import type { Capabilities, Support } from '../../workloads/api/driver.ts';

/** What the definition by hand in the file `definition` does in so many lines. */
const byHand = (how: string, lines: number, definition: string): Support => ({ kind: 'emulated', with: how, lines, definition });

export const CAPABILITIES: Capabilities = {
  patterns: {
    sequence: { kind: 'native', with: 'POST to the next function' },
    choice: byHand('an if before the POST', 10, 'baselines/http/idiomatic/choice.ts'),
    parallel: byHand('a POST to each function', 7, 'baselines/http/idiomatic/parallel.ts'),
    assemble: byHand('a table of values by session in the process of the joining function', 18, 'baselines/http/idiomatic/assemble.ts'),
    map: byHand('a POST for each item, which carries their number to the join', 21, 'baselines/http/idiomatic/map.ts'),
    batch: byHand('a list for each session in the process of the target', 18, 'baselines/http/idiomatic/batch.ts'),
    window: byHand('a list and a timer for each session in the process of the target', 19, 'baselines/http/idiomatic/window.ts'),
    'k-out-of-n': byHand('n POSTs and a counter in the process of the joining function', 16, 'baselines/http/idiomatic/k-out-of-n.ts'),
    group: byHand('values, and word of each source that is over, to whom keeps the groups', 21, 'baselines/http/idiomatic/group.ts'),
  },
  appScope: {
    batch: byHand('a list in the process of the target', 12, 'baselines/http/idiomatic/batch-app.ts'),
    window: byHand('a list and a timer in the process of the target', 13, 'baselines/http/idiomatic/window-app.ts'),
  },
  payloadLimitBytes: Number.POSITIVE_INFINITY,
  delivery: 'at-most-once',
  durability: 'none',
  isolation: 'process',
};
