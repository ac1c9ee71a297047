import test, { type ExecutionContext } from 'ava';
import type { Driver } from '../../workloads/api/driver.ts';
import { hostNowNs } from '../../workloads/api/run-body.ts';
import { conformanceSuite } from '../../workloads/conformance/conformance.ts';
import { calibrationDelay, calibrationWait } from './driver.ts';

const suites = [
  await conformanceSuite(import.meta.resolve('./driver.ts'), 'calibrationNull'),
  await conformanceSuite(import.meta.resolve('./driver.ts'), 'calibrationDelay'),
];
test.after.always(() => Promise.all(suites.map(({ end }) => end())));

for (const { driver, checks } of suites) {
  for (const { title, run } of checks) test.serial(`${driver.name}: ${title}`, (t) => t.notThrowsAsync(run()));
}

/** What a freshly started platform reports of five runs, in nanoseconds; each wait lies within its call. */
async function waitsOf(t: ExecutionContext, driver: Driver): Promise<number[]> {
  const platform = await driver.start({ executors: 1, dataDir: import.meta.dirname });
  try {
    const deployment = await platform.deploy({
      name: 'w',
      entry: 'f',
      functions: { f: { module: import.meta.resolve('../../workloads/chain/functions.ts'), export: 'increment' } },
      dependencies: [],
      result: 'first',
    });
    const waits: number[] = [];
    for (let round = 0; round < 5; round++) {
      const calledNs = hostNowNs();
      const { trace } = await deployment.invoke(new Uint8Array(4));
      t.true(trace.injectedNs! < hostNowNs() - calledNs);
      waits.push(trace.injectedNs!);
    }
    return waits;
  } finally {
    await platform.stop();
  }
}

test.serial('Waits are reported as they turned out: never shorter than chosen, and no two alike', async (t) => {
  for (const driver of [calibrationWait, calibrationDelay]) {
    const waits = await waitsOf(t, driver);
    t.true(Math.min(...waits) >= (driver === calibrationDelay ? 3.2e6 : 3e6));
    t.is(new Set(waits).size, 5);
  }
});
