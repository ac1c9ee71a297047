/** The language of AWS Step Functions, interpreted on this machine; not the service. */
import { readFile } from 'node:fs/promises';
import type { Availability, Capabilities, Driver } from '../../workloads/api/driver.ts';
import { StepFunctionsPlatform } from './platform.ts';
import { PAYLOAD_LIMIT_BYTES } from './values.ts';

const capabilities: Capabilities = {
  patterns: {
    sequence: { kind: 'native', with: 'Next' },
    choice: { kind: 'native', with: 'a Choice state' },
    parallel: { kind: 'native', with: 'a Parallel state' },
    assemble: { kind: 'native', with: 'the end of a Parallel state, where the graph nests in blocks' },
    map: { kind: 'native', with: 'an inline Map state' },
    batch: {
      kind: 'emulated',
      with: 'States.ArrayPartition and a Map state',
      lines: 37,
      definition: 'baselines/step-functions/idiomatic/batch.asl.json',
    },
    window: { kind: 'unsupported', why: 'no state gathers values by time' },
    'k-out-of-n': { kind: 'unsupported', why: 'a Parallel or Map state ends when all of its branches have' },
    group: {
      kind: 'emulated',
      with: 'a function that regroups what one Map state returns, and a second Map state',
      lines: 46,
      definition: 'baselines/step-functions/idiomatic/group.asl.json',
    },
  },
  appScope: { batch: { kind: 'unsupported', why: 'an execution sees nothing of others; a queue in front of them would gather' } },
  payloadLimitBytes: PAYLOAD_LIMIT_BYTES,
  delivery: 'at-most-once',
  durability: 'none',
  isolation: 'process',
};

export const stepFunctions: Driver = {
  name: 'step-functions',
  title: 'Step Functions language, emulated',
  class: 'emulation',
  capabilities,
  probe,
  start: ({ executors }) => StepFunctionsPlatform.start(executors),
};

async function probe(): Promise<Availability> {
  try {
    const manifest = new URL('../package.json', import.meta.resolve('aws-local-stepfunctions'));
    const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string };
    return { runs: true, version: `aws-local-stepfunctions ${version}` };
  } catch (cause) {
    return { runs: false, why: `the interpreter aws-local-stepfunctions is not installed: ${cause}`, remedy: 'npm ci' };
  }
}
