import test from 'ava';
import { leavesProcess, missesCrash, sound } from './fixtures/faulty-drivers.ts';
import { checkCrash, checkLifecycle } from './lifecycle.ts';

const options = { executors: 1, dataDir: import.meta.dirname };

test('A platform that starts, refuses and stops as it should passes', async (t) => {
  await t.notThrowsAsync(checkLifecycle(sound, options));
  await t.notThrowsAsync(checkCrash(sound, options));
});

test('A process that is left after the stop is found and ended', async (t) => {
  await t.throwsAsync(checkLifecycle(leavesProcess, options), {
    message: /expected no process after the stop, found \d+/,
  });
});

test('A run that is not told of the end of its processes is found', async (t) => {
  await t.throwsAsync(checkCrash(missesCrash, options), {
    message: /expected a DriverError PLATFORM_FAILED or PLATFORM_UNAVAILABLE, got DEADLINE_EXCEEDED/,
  });
});
