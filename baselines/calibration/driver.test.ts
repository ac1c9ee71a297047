import test from 'ava';
import { conformanceSuite } from '../../workloads/conformance/conformance.ts';
import { calibrationDelay } from './driver.ts';

const suites = [
  await conformanceSuite(import.meta.resolve('./driver.ts'), 'calibrationNull'),
  await conformanceSuite(import.meta.resolve('./driver.ts'), 'calibrationDelay'),
];
test.after.always(() => Promise.all(suites.map(({ end }) => end())));

for (const { driver, checks } of suites) {
  for (const { title, run } of checks) test.serial(`${driver.name}: ${title}`, (t) => t.notThrowsAsync(run()));
}

test.serial('The delay that is reported lies within the call and is the one that was chosen', async (t) => {
  const delaying = await calibrationDelay.start({ executors: 1, dataDir: import.meta.dirname });
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
