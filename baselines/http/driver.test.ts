import test from 'ava';
import type { Platform } from '../../workloads/api/driver.ts';
import { checkLifecycle, checkOrphans, conformanceCases, runCase } from '../../workloads/conformance/conformance.ts';
import { http } from './driver.ts';

const options = { executors: 2, dataDir: import.meta.dirname };
let platform: Platform;
test.before(async () => {
  platform = await http.start(options);
});
test.after.always(() => platform.stop());

for (const c of conformanceCases()) {
  test.serial(c.title, async (t) => {
    t.is(await runCase(c, platform, http.capabilities), 'passed');
  });
}

test.serial('The platform starts, refuses what it must and leaves no process behind', async (t) => {
  await t.notThrowsAsync(checkLifecycle(http, options));
});

test.serial('The platform ends when the process that started it is killed', async (t) => {
  await t.notThrowsAsync(checkOrphans(import.meta.resolve('./driver.ts'), 'http', import.meta.dirname));
});
