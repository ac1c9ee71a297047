import test from 'ava';
import { conformanceSuite } from '../../workloads/conformance/conformance.ts';

const suites = [
  await conformanceSuite(import.meta.resolve('./driver.ts'), 'restateCalls'),
  await conformanceSuite(import.meta.resolve('./driver.ts'), 'restateSteps'),
];
test.after.always(() => Promise.all(suites.map(({ end }) => end())));

for (const { driver, checks } of suites) {
  for (const { title, run } of checks) {
    test.serial(`${driver.name}: ${title}`, async (t) => {
      t.is(await run(), 'passed');
    });
  }
}
