/** Restate, the durable execution engine, with functions written in the two ways in which people write them. */
import type { Availability, Capabilities, Driver } from '../../workloads/api/driver.ts';
import type { Style } from './compile.ts';
import { PAYLOAD_LIMIT_BYTES } from './envelope.ts';
import { RestatePlatform } from './platform.ts';
import { executable, versionOf } from './server.ts';

const capabilities: Capabilities = {
  patterns: {
    sequence: { kind: 'native', with: 'an awaited call' },
    choice: { kind: 'native', with: 'a branch in the handler' },
    parallel: { kind: 'native', with: 'calls awaited together' },
    assemble: { kind: 'native', with: 'RestatePromise.all' },
    map: { kind: 'native', with: 'RestatePromise.all' },
    batch: { kind: 'emulated', with: 'a virtual object' },
    window: { kind: 'emulated', with: 'a virtual object and a delayed message' },
    'k-out-of-n': { kind: 'emulated', with: 'RestatePromise.race' },
    group: { kind: 'emulated', with: 'regrouping in the handler' },
  },
  payloadLimitBytes: PAYLOAD_LIMIT_BYTES,
  delivery: 'at-least-once',
  durability: 'machine',
  isolation: 'process',
};

function probe(): Promise<Availability> {
  try {
    executable();
    return Promise.resolve({ runs: true, version: `Restate ${versionOf('restate-server')}, TypeScript SDK ${versionOf('restate-sdk')}` });
  } catch {
    return Promise.resolve({
      runs: false,
      why: `there is no Restate server for ${process.platform}-${process.arch} here`,
      remedy: 'npm install @restatedev/restate-server, on Linux or macOS',
    });
  }
}

const driver = (style: Style, title: string): Driver => ({
  name: `restate-${style}`,
  title,
  class: 'real',
  capabilities,
  probe,
  start: (options) => RestatePlatform.start(style, options),
});

export const restateCalls = driver('calls', 'Restate, service calls');
export const restateSteps = driver('steps', 'Restate, durable steps');
