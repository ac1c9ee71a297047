import test from 'ava';
import type { Platform } from '../../workloads/api/driver.ts';
import { checkLifecycle, checkOrphans, conformanceCases, runCase } from '../../workloads/conformance/conformance.ts';
import { calibrationDelay, calibrationNull } from './driver.ts';

const options = { executors: 2, dataDir: import.meta.dirname };
let platform: Platform;
test.before(async () => {
  platform = await calibrationNull.start(options);
});
test.after.always(() => platform.stop());

for (const c of conformanceCases()) {
  test.serial(c.title, async (t) => {
    const outcome = await runCase(c, platform, calibrationNull.capabilities);
    t.is(outcome, c.scope === 'app' ? 'unsupported' : 'passed');
  });
}

for (const driver of [calibrationNull, calibrationDelay]) {
  test.serial(`${driver.name} starts, refuses what it must and leaves no process behind`, async (t) => {
    await t.notThrowsAsync(checkLifecycle(driver, options));
  });
}

test.serial('The delay that is reported lies within the call and is the one that was chosen', async (t) => {
  const delaying = await calibrationDelay.start(options);
  try {
    const deployment = await delaying.deploy({
      name: 'w',
      entry: 'f',
      functions: { f: { module: import.meta.resolve('../../workloads/chain/functions.ts'), export: 'increment' } },
      dependencies: [],
      result: 'first',
    });
    const delays: number[] = [];
    for (let round = 0; round < 5; round++) {
      const calledNs = Number(process.hrtime.bigint());
      const { trace } = await deployment.invoke(new Uint8Array(4));
      const totalNs = Number(process.hrtime.bigint()) - calledNs;
      t.true(trace.injectedNs! >= 1e6 && trace.injectedNs! < totalNs);
      delays.push(trace.injectedNs!);
    }
    t.is(new Set(delays).size, 5);
  } finally {
    await delaying.stop();
  }
});

test.serial('The platform ends when the process that started it is killed', async (t) => {
  await t.notThrowsAsync(checkOrphans(import.meta.resolve('./driver.ts'), 'calibrationNull', import.meta.dirname));
});
