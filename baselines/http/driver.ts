/** Functions in processes of their own that call each other over HTTP, as people write it by hand. */
import type { Capabilities, Driver } from '../../workloads/api/driver.ts';
import { HttpPlatform } from './platform.ts';

const capabilities: Capabilities = {
  patterns: {
    sequence: { kind: 'native', with: 'POST to the next function' },
    choice: { kind: 'emulated', with: 'an if before the POST' },
    parallel: { kind: 'emulated', with: 'a POST to each function' },
    assemble: { kind: 'emulated', with: 'a table of values by session in the process of the joining function' },
    map: { kind: 'emulated', with: 'a POST for each item, which carries their number to the join' },
    batch: { kind: 'emulated', with: 'a list in the process of the target' },
    window: { kind: 'emulated', with: 'a list and a timer in the process of the target' },
    'k-out-of-n': { kind: 'emulated', with: 'n POSTs and a counter in the process of the joining function' },
    group: { kind: 'emulated', with: 'values and credit to every process that keeps groups' },
  },
  payloadLimitBytes: Number.POSITIVE_INFINITY,
  delivery: 'at-most-once',
  durability: 'none',
  isolation: 'process',
};

export const http: Driver = {
  name: 'http',
  title: 'Plain HTTP',
  class: 'real',
  capabilities,
  probe: () => Promise.resolve({ runs: true, version: `Node.js ${process.version}` }),
  start: ({ executors }) => HttpPlatform.start(executors),
};
