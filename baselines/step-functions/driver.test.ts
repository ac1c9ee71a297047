import test from 'ava';
import { conformanceSuite } from '../../workloads/conformance/conformance.ts';

const suite = await conformanceSuite(import.meta.resolve('./driver.ts'), 'stepFunctions');
test.after.always(suite.end);

for (const { title, run } of suite.checks) test.serial(title, (t) => t.notThrowsAsync(run));
