/** Functions in processes of their own that call each other over HTTP, as people write it by hand. */
import type { Driver } from '../../workloads/api/driver.ts';
import { CAPABILITIES } from './capabilities.ts';
import { HttpPlatform } from './platform.ts';

export const http: Driver = {
  name: 'http',
  title: 'Plain HTTP',
  class: 'real',
  capabilities: CAPABILITIES,
  probe: () => Promise.resolve({ runs: true, version: `Node.js ${process.version}` }),
  start: ({ executors }) => HttpPlatform.start(executors),
};
