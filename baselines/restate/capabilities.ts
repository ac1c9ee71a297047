/** What Restate is declared to come to, written in each of the two ways. */
import type { Capabilities, Support } from '../../workloads/api/driver.ts';
import type { Style } from './compile.ts';
import { PAYLOAD_LIMIT_BYTES } from './envelope.ts';

/** What a definition by hand does in so many lines. */
const byHand = (how: string, lines: number, definition: string): Support => ({ kind: 'emulated', with: how, lines, definition });

const common: Omit<Capabilities, 'patterns' | 'appScope'> = {
  payloadLimitBytes: PAYLOAD_LIMIT_BYTES,
  delivery: 'at-least-once',
  durability: 'machine',
  isolation: 'process',
};

export const CAPABILITIES: Readonly<Record<Style, Capabilities>> = {
  calls: {
    ...common,
    patterns: {
      sequence: { kind: 'native', with: 'an awaited call' },
      choice: { kind: 'native', with: 'a branch in the handler' },
      parallel: { kind: 'native', with: 'calls that are awaited later' },
      assemble: { kind: 'native', with: 'RestatePromise.all, or race, over calls' },
      map: { kind: 'native', with: 'RestatePromise.all over calls' },
      batch: byHand('slices of an array in the handler', 14, 'baselines/restate/idiomatic/calls/batch.ts'),
      window: byHand('RestatePromise.race of calls and ctx.sleep', 26, 'baselines/restate/idiomatic/calls/window.ts'),
      'k-out-of-n': byHand('RestatePromise.race until k calls have ended', 20, 'baselines/restate/idiomatic/calls/k-out-of-n.ts'),
      group: byHand('grouping in the handler, between two RestatePromise.all', 13, 'baselines/restate/idiomatic/calls/group.ts'),
    },
    appScope: {
      batch: byHand('a virtual object that keeps the values', 13, 'baselines/restate/idiomatic/calls/batch-app.ts'),
      window: byHand(
        'a virtual object that keeps the values and a delayed message to it',
        18,
        'baselines/restate/idiomatic/calls/window-app.ts',
      ),
    },
  },
  steps: {
    ...common,
    patterns: {
      sequence: { kind: 'native', with: 'an awaited ctx.run' },
      choice: { kind: 'native', with: 'a branch in the handler' },
      parallel: { kind: 'native', with: 'ctx.run steps that are awaited later' },
      assemble: { kind: 'native', with: 'RestatePromise.all, or race, over steps' },
      map: { kind: 'native', with: 'RestatePromise.all over steps' },
      batch: byHand('slices of an array in the handler', 13, 'baselines/restate/idiomatic/steps/batch.ts'),
      window: byHand('RestatePromise.race of steps and ctx.sleep', 24, 'baselines/restate/idiomatic/steps/window.ts'),
      'k-out-of-n': byHand('RestatePromise.race until k steps have ended', 18, 'baselines/restate/idiomatic/steps/k-out-of-n.ts'),
      group: byHand('grouping in the handler, between two RestatePromise.all', 12, 'baselines/restate/idiomatic/steps/group.ts'),
    },
    appScope: {
      batch: byHand('a virtual object that keeps the values', 13, 'baselines/restate/idiomatic/steps/batch-app.ts'),
      window: byHand(
        'a virtual object that keeps the values and a delayed message to it',
        18,
        'baselines/restate/idiomatic/steps/window-app.ts',
      ),
    },
  },
};
