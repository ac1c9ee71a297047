import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { IMPORT_RULES } from './import-rules.ts';
import { readImports } from './imports.ts';

/** For each rule imports that it forbids: the file, and what it says after `from`. */
const FORBIDDEN: readonly (readonly [rule: string, file: string, specifier: string])[] = [
  ['no-unresolved', 'platform/client/lost.ts', './nowhere.ts'],
  ['no-entry-imports', 'platform/worker/node.ts', './main.ts'],
  ['no-entry-imports', 'platform/executor/thread.test.ts', './executor-entry.ts'],
  ['no-test-imports', 'harness/run.ts', './run.test.ts'],
  ['no-test-imports', 'harness/fixed.ts', './fixtures/data.ts'],
  ['no-dev-packages', 'harness/linter.ts', 'a-dev-package'],
  ['workloads-api', 'workloads/api/platform.ts', '../../platform/client/client.ts'],
  ['workloads-api', 'workloads/api/clock.ts', 'node:perf_hooks'],
  ['workloads-api', 'workloads/api/package.ts', 'a-package'],
  ['workloads', 'workloads/chain/harness.ts', '../../harness/other.ts'],
  ['workloads', 'workloads/chain/neighbour.ts', '../word-count/workload.ts'],
  ['catalogue', 'workloads/catalogue.ts', '../platform/driver/driver.ts'],
  ['platform-core', 'platform/core/wire.ts', '../wire/messages.ts'],
  ['platform-core', 'platform/core/clock.ts', 'node:perf_hooks'],
  ['platform-core', 'platform/core/package.ts', 'a-package'],
  ['platform-wire', 'platform/wire/store.ts', '../store/memory.ts'],
  ['platform-store', 'platform/store/wire.ts', '../wire/messages.ts'],
  ['platform-executor', 'platform/executor/worker.ts', '../worker/scheduler.ts'],
  ['platform-worker', 'platform/worker/coordinator.ts', '../coordinator/shard.ts'],
  ['platform-coordinator', 'platform/coordinator/worker.ts', '../worker/scheduler.ts'],
  ['platform-manager', 'platform/manager/worker.ts', '../worker/scheduler.ts'],
  ['platform-client', 'platform/client/worker.ts', '../worker/scheduler.ts'],
  ['platform-log', 'platform/log/wire.ts', '../wire/messages.ts'],
  ['platform-door', 'platform/door/worker.ts', '../worker/scheduler.ts'],
  ['platform-member', 'platform/member/client.ts', '../client/client.ts'],
  ['platform-launch', 'platform/launch/driver.ts', '../driver/driver.ts'],
  ['platform-config', 'platform/config/client.ts', '../client/client.ts'],
  ['platform-cli', 'platform/cli/worker.ts', '../worker/node.ts'],
  ['platform-trace', 'platform/trace/client.ts', '../client/client.ts'],
  ['platform-gateway', 'platform/gateway/worker.ts', '../worker/scheduler.ts'],
  ['platform-driver', 'platform/driver/workload.ts', '../../workloads/word-count/workload.ts'],
  ['platform', 'platform/worker/contract.ts', '../../workloads/api/workflow.ts'],
  ['baselines', 'baselines/http/other.ts', '../calibration/driver.ts'],
  ['baselines', 'baselines/http/client.ts', '../../platform/client/client.ts'],
  ['baselines', 'baselines/http/workload.ts', '../../workloads/word-count/workload.ts'],
  ['harness-registry', 'harness/registry.ts', '../platform/client/client.ts'],
  ['harness', 'harness/direct.ts', '../baselines/calibration/driver.ts'],
  ['harness', 'harness/workload.ts', '../workloads/word-count/workload.ts'],
  ['dockerode', 'baselines/calibration/docker.ts', 'dockerode'],
];

/** Files that the ones above import, and imports that are allowed. */
const ALLOWED: Readonly<Record<string, string>> = {
  'package.json': '{"dependencies":{"a-package":"1","dockerode":"1"},"devDependencies":{"a-dev-package":"1"}}',
  'node_modules/a-package/package.json': '{"name":"a-package","exports":"./index.js"}',
  'node_modules/a-package/index.js': '',
  'node_modules/a-dev-package/package.json': '{"name":"a-dev-package","exports":"./index.js"}',
  'node_modules/a-dev-package/index.js': '',
  'node_modules/dockerode/package.json': '{"name":"dockerode","exports":"./index.js"}',
  'node_modules/dockerode/index.js': '',
  'workloads/api/workflow.ts': 'export type T = 1;',
  'workloads/word-count/workload.ts': "import 'a-package'; import type { T } from '../api/workflow.ts'; export type { T };",
  'platform/core/plan.ts': 'export type T = 1;',
  'platform/wire/messages.ts': "import type { T } from '../core/plan.ts'; import 'node:net'; export type { T };",
  'platform/store/memory.ts': "import type { T } from '../core/plan.ts'; export type { T };",
  'platform/executor/executor-entry.ts': "import type { T } from '../store/memory.ts'; export type { T };",
  'platform/worker/main.ts': "import './scheduler.ts';",
  'platform/worker/scheduler.ts': "import '../wire/messages.ts'; import '../store/memory.ts'; export type T = 1;",
  'platform/coordinator/shard.ts': "import '../wire/messages.ts'; export type T = 1;",
  'platform/client/client.ts': "import '../wire/messages.ts'; export type T = 1;",
  'platform/driver/driver.ts': "import '../client/client.ts'; import '../../workloads/api/workflow.ts'; export type T = 1;",
  'platform/driver/driver.test.ts': "import '../../workloads/word-count/workload.ts';",
  'platform/driver/adapter.ts': "import './shared.ts';",
  'platform/driver/shared.ts': "import '../client/client.ts';",
  'platform/core/ring.ts': "import type { T } from './ring-back.ts'; export type U = T;",
  'platform/core/ring-back.ts': "import type { U } from './ring.ts'; export type T = U;",
  'baselines/calibration/driver.ts': "import '../../workloads/api/workflow.ts'; export type T = 1;",
  'harness/other.ts': "import '../workloads/api/workflow.ts'; export type T = 1;",
  'harness/run.test.ts': "import './fixtures/data.ts'; export type T = 1;",
  'harness/fixtures/data.ts': 'export type T = 1;',
};

test('each import rule finds what it forbids and nothing else', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'import-rules-'));
  t.teardown(() => rm(root, { recursive: true }));
  const files = new Map(Object.entries(ALLOWED));
  for (const [, file, specifier] of FORBIDDEN) files.set(file, `import type { T } from '${specifier}'; export type { T };`);
  for (const [file, source] of files) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), source);
  }

  const { faults, imports } = await readImports(root);

  const found = new Set(faults.map(({ rule, from }) => `${rule}: ${from}`));
  const expected = new Set([
    ...FORBIDDEN.map(([rule, file]) => `${rule}: ${file}`),
    'no-cycles: platform/core/ring-back.ts',
    'adapter-without-client: platform/driver/adapter.ts',
  ]);
  // A file in the wrong place may break a second rule too; that one has been expected of another file.
  t.deepEqual(
    [...expected].filter((fault) => !found.has(fault)),
    [],
  );
  const forbidden = new Set([
    ...FORBIDDEN.map(([, file]) => file),
    'platform/core/ring.ts',
    'platform/core/ring-back.ts',
    'platform/driver/adapter.ts',
  ]);
  t.deepEqual(
    faults.filter(({ from }) => !forbidden.has(from)),
    [],
  );
  t.deepEqual(imports.get('platform/worker/main.ts'), ['platform/worker/scheduler.ts']);
});

test('every import rule has a case that breaks it', (t) => {
  const tried = new Set([...FORBIDDEN.map(([rule]) => rule), 'no-cycles', 'adapter-without-client']);
  t.deepEqual(
    IMPORT_RULES.map((rule) => rule.name).filter((name) => name === undefined || !tried.has(name)),
    [],
  );
});
