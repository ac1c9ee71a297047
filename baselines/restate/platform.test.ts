import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { Driver, Platform } from '../../workloads/api/driver.ts';
import type { Workflow } from '../../workloads/api/workflow.ts';
import { restateCalls, restateSteps } from './driver.ts';

const body = (name: string, concurrency = 1) => ({
  module: import.meta.resolve('../../workloads/conformance/bodies.ts'),
  export: name,
  concurrency,
});
const deadlineMs = 30_000;

async function withPlatform(driver: Driver, use: (platform: Platform) => Promise<void>): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), `${driver.name}-`));
  const platform = await driver.start({ executors: 2, dataDir });
  try {
    await use(platform);
  } finally {
    await platform.stop();
    await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
  }
}

for (const driver of [restateCalls, restateSteps]) {
  test.serial(`${driver.name}: What still runs when the first value is there gives its executor back`, async (t) => {
    const race: Workflow = {
      name: 'race',
      entry: 'items',
      functions: { items: body('lines'), each: body('nap', 2) },
      dependencies: [{ pattern: 'map', from: 'items', each: 'each' }],
      result: 'first',
    };
    await withPlatform(driver, async (platform) => {
      const deployment = await platform.deploy(race);
      for (let round = 0; round < 8; round++) {
        const { outputs } = await deployment.invoke(Buffer.from('50000\n1'), { deadlineMs });
        t.is(Buffer.from(outputs[0]!.bytes).toString(), '1');
      }
    });
  });
}
