import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { Platform } from '../../workloads/api/driver.ts';
import { checkLifecycle, conformanceCases, runCase } from '../../workloads/conformance/conformance.ts';
import { pheromone } from './driver.ts';

let platform: Platform;
let dataDir: string;

test.before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'pheromone-driver-'));
  platform = await pheromone.start({ executors: 2, dataDir });
});

test.after.always(async () => {
  await platform?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

for (const c of conformanceCases()) {
  test.serial(c.title, async (t) => {
    t.is(
      await runCase(c, platform, pheromone.capabilities),
      c.patterns.some((p) => pheromone.capabilities.patterns[p].kind === 'unsupported') ? 'unsupported' : 'passed',
    );
  });
}

test.serial('The platform starts, refuses what it cannot deploy, and leaves no process behind', async (t) => {
  await t.notThrowsAsync(checkLifecycle(pheromone, { executors: 1, dataDir }));
});
