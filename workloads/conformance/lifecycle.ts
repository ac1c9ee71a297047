/** Start and stop of a platform, and its processes killed under it. */
import { type Driver, DriverError, type Platform, type StartOptions } from '../api/driver.ts';
import type { Workflow } from '../api/workflow.ts';
import { expectError, flow, invoke, PATIENCE_MS, soon } from './case.ts';
import { killAll, remaining } from './footprint.ts';

const HANGING = flow({ only: 'hang' }, [], 'first');
const SOUND = flow({ only: 'echo' }, [], 'first');
/** How long the processes of a platform that was killed may take to be gone after the stop. */
const END_MS = 5_000;

/** Starts the platform, checks what it refuses to deploy, stops it twice and expects no process of it to be left. */
export async function checkLifecycle(driver: Driver, options: StartOptions): Promise<void> {
  await withPlatform(driver, options, 0, async (platform, pids) => {
    if (pids.size === 0 || pids.has(process.pid)) throw new Error(`expected processes of its own, got ${[...pids].join(', ') || 'none'}`);
    await checkRefusals(platform);
    const deployment = await platform.deploy(HANGING);
    const running = expectError(patiently(invoke(deployment, '')), 'CANCELLED', 'PLATFORM_UNAVAILABLE', 'PLATFORM_FAILED');
    await platform.stop();
    await running;
    await expectError(patiently(invoke(deployment, '')));
  });
}

/**
 * Kills all processes of the platform in mid-run and expects the run to reject with `PLATFORM_FAILED` or
 * `PLATFORM_UNAVAILABLE`, a later one to reject so too unless the platform has recovered, and the stop to clean up.
 */
export async function checkCrash(driver: Driver, options: StartOptions): Promise<void> {
  await withPlatform(driver, options, END_MS, async (platform, pids) => {
    const [hanging, sound] = [await platform.deploy(HANGING), await platform.deploy(SOUND)];
    const running = expectError(patiently(invoke(hanging, '')), 'PLATFORM_FAILED', 'PLATFORM_UNAVAILABLE');
    await soon();
    killAll(pids);
    await running;
    await patiently(invoke(sound, 'v')).catch((error: unknown) =>
      expectError(Promise.reject(error), 'PLATFORM_FAILED', 'PLATFORM_UNAVAILABLE'),
    );
    for (const pid of platform.pids()) pids.add(pid);
  });
}

/** Starts the platform and stops it again; then none of its processes, of which `use` may add more, may be left. */
async function withPlatform(
  driver: Driver,
  options: StartOptions,
  endMs: number,
  use: (platform: Platform, pids: Set<number>) => Promise<void>,
): Promise<void> {
  const platform = await driver.start(options);
  const pids = new Set(platform.pids());
  try {
    await use(platform, pids);
  } finally {
    await platform.stop();
    await platform.stop();
  }
  const left = await remaining(pids, endMs);
  killAll(left);
  if (left.length > 0) throw new Error(`expected no process after the stop, found ${left.join(', ')}`);
}

async function checkRefusals(platform: Platform): Promise<void> {
  await expectError(platform.deploy({ ...SOUND, entry: 'nobody' }), 'INVALID_WORKFLOW');
  const missing: Workflow = { ...SOUND, functions: { only: { ...SOUND.functions.only!, export: 'missing' } } };
  const outcome = platform.deploy(missing).then((deployment) => invoke(deployment, ''));
  await expectError(outcome, 'INVALID_WORKFLOW', 'FUNCTION_FAILED');
}

/** Ends a call that the platform leaves hanging beyond its deadline. */
function patiently<T>(call: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new DriverError('DEADLINE_EXCEEDED', `expected the call to settle within ${2 * PATIENCE_MS} ms`));
    const timer = setTimeout(late, 2 * PATIENCE_MS);
    call.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
