/** Drivers inside the test's own process, for tests of the harness. */
import {
  type Deployment,
  type Driver,
  DriverError,
  HOST_CLOCK,
  type Invoked,
  type InvokeOptions,
  type Platform,
  type Support,
} from '../../../workloads/api/driver.ts';
import { PATTERNS, type Pattern, type Workflow } from '../../../workloads/api/workflow.ts';
import { nowNs } from '../../clock.ts';
import type { DriverSource } from '../../registry.ts';

export interface FakeOptions {
  readonly start?: () => Promise<void>;
  readonly deploy?: (workflow: Workflow) => Promise<void>;
  /** Gets the input; its default gives the output that the fake workload expects. */
  readonly invoke?: (input: Uint8Array, options: InvokeOptions) => Promise<Invoked>;
  readonly pids?: () => readonly number[];
  readonly stop?: () => Promise<void>;
  readonly runs?: boolean;
}

/** One output and one body that ran just now. */
export function invoked(bytes: Uint8Array, extra: { injectedNs?: number } = {}): Invoked {
  const startedNs = nowNs();
  return {
    outputs: [{ from: 'f', key: '', group: '', bytes }],
    trace: { clock: HOST_CLOCK, spans: [{ fn: 'f', startedNs, endedNs: nowNs() }], ...extra },
  };
}

/** Never answers, but can be cancelled. */
export function hang(_input: Uint8Array, { signal }: InvokeOptions): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(new DriverError('CANCELLED', 'cancelled')));
  });
}

export function fakeDriver(name: string, options: FakeOptions = {}): Driver {
  const patterns = Object.fromEntries(PATTERNS.map((pattern) => [pattern, { kind: 'native', with: 'a call' }])) as Record<Pattern, Support>;
  const deployment: Deployment = {
    invoke: (input, invokeOptions = {}) => (options.invoke ?? (async (bytes) => invoked(bytes)))(input, invokeOptions),
    feed: async () => {},
    subscribe: () => () => {},
    remove: async () => {},
  };
  const platform: Platform = {
    pids: options.pids ?? (() => []),
    async deploy(workflow) {
      await options.deploy?.(workflow);
      return deployment;
    },
    stop: options.stop ?? (async () => {}),
  };
  return {
    name,
    title: `Fake ${name}`,
    class: 'calibration',
    capabilities: { patterns, payloadLimitBytes: Infinity, delivery: 'at-most-once', durability: 'none', isolation: 'none' },
    probe: async () =>
      options.runs === false ? { runs: false, why: 'not installed', remedy: 'install it' } : { runs: true, version: '1' },
    async start() {
      await options.start?.();
      return platform;
    },
  };
}

export const fakeSource = (name: string, options: FakeOptions = {}): DriverSource => ({
  name,
  load: async () => fakeDriver(name, options),
});
