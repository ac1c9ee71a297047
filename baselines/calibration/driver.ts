/** Platforms of known cost, to test the harness with. */
import type { Capabilities, Driver } from '../../workloads/api/driver.ts';
import { CalibrationPlatform } from './platform.ts';

const call = { kind: 'native', with: 'a direct call' } as const;
const gathered = { kind: 'native', with: 'a direct call with what has gathered' } as const;
const notGathered = { kind: 'unsupported', why: 'nothing is kept from one run to the next' } as const;

const capabilities: Capabilities = {
  patterns: {
    sequence: call,
    choice: call,
    parallel: call,
    assemble: call,
    map: call,
    batch: gathered,
    window: gathered,
    'k-out-of-n': call,
    group: call,
  },
  appScope: { batch: notGathered, window: notGathered },
  payloadLimitBytes: Number.POSITIVE_INFINITY,
  delivery: 'at-most-once',
  durability: 'none',
  isolation: 'none',
};

function calibration(name: string, title: string, args: readonly string[]): Driver {
  return {
    name,
    title,
    class: 'calibration',
    capabilities,
    probe: () => Promise.resolve({ runs: true, version: process.version }),
    start: () => CalibrationPlatform.start(args),
  };
}

/** Runs a workflow's bodies one after the other in one process; orchestration is a direct call. */
export const calibrationNull = calibration('null', 'Direct calls', []);

/** The same with a wait of about a millisecond before each run: what `delay` is compared with. */
export const calibrationWait = calibration('wait', 'Direct calls after a wait', ['wait']);

/** The same with a longer wait; by how much is drawn anew for each process. Both report their waits as they really turned out. */
export const calibrationDelay = calibration('delay', 'Direct calls after a wait and a known delay', ['delay']);
