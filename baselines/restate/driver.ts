/** Restate, the durable execution engine, with functions written in the two ways in which people write them. */
import type { Availability, Driver } from '../../workloads/api/driver.ts';
import { CAPABILITIES } from './capabilities.ts';
import type { Style } from './compile.ts';
import { RestatePlatform } from './platform.ts';
import { executable, versionOf } from './server.ts';

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
  capabilities: CAPABILITIES[style],
  probe,
  start: (options) => RestatePlatform.start(style, options),
});

export const restateCalls = driver('calls', 'Restate, service calls');
export const restateSteps = driver('steps', 'Restate, durable steps');
