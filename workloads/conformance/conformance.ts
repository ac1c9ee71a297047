/**
 * What every platform must do, whatever it is built on, as checks without a test framework:
 *
 *     const suite = await conformanceSuite(import.meta.resolve('./driver.ts'), 'myPlatform');
 *     for (const { title, run } of suite.checks) test(title, run); // one after the other
 *     after(suite.end);
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Capabilities, type Deployment, type Driver, type Platform, type StartOptions, supportOf } from '../api/driver.ts';
import { PATTERNS, type Pattern, type Workflow } from '../api/workflow.ts';
import { checkOrphans, checkResidue } from './alone.ts';
import { type ConformanceCase, expectError } from './case.ts';
import { FAULT_CASES } from './fault-cases.ts';
import { checkCrash, checkLifecycle } from './lifecycle.ts';
import { PATTERN_CASES } from './pattern-cases.ts';
import { STREAM_CASES } from './stream-cases.ts';

const EXECUTORS = 2;

/** One check, to be run by any test framework, one after the other. */
export interface Check {
  /** A sentence. */
  readonly title: string;
  /** Rejects with what was expected and what came. `unsupported`: the platform refused the workflow as it declares it does. */
  readonly run: () => Promise<'passed' | 'unsupported'>;
}

/** All checks of one driver. */
export interface Suite {
  readonly driver: Driver;
  readonly checks: readonly Check[];
  /** Stops what the checks have started and removes their files. */
  readonly end: () => Promise<void>;
}

/**
 * The suite for the driver that the module at the URL `module` exports as `name`; some checks start it in processes of
 * their own. Nothing is started before the first check runs.
 */
export async function conformanceSuite(module: string, name: string): Promise<Suite> {
  const driver = ((await import(module)) as Record<string, Driver | undefined>)[name];
  if (driver === undefined) throw new TypeError(`expected a driver as the export "${name}" of ${module}, got none`);
  let platform: Promise<Platform> | undefined;
  const folders: string[] = [];
  const options = async (): Promise<StartOptions> => {
    const dataDir = await mkdtemp(join(tmpdir(), `conformance-${driver.name}-`));
    folders.push(dataDir);
    return { executors: EXECUTORS, dataDir };
  };
  const onPlatform = conformanceCases().map((c): Check => {
    const run: Check['run'] = async () => {
      platform ??= options().then((starting) => driver.start(starting));
      return runCase(c, await platform, driver.capabilities);
    };
    return { title: c.title, run };
  });
  const alone = (title: string, check: () => Promise<void>): Check => ({ title, run: () => check().then(() => 'passed') });
  return {
    driver,
    checks: [
      ...onPlatform,
      alone('It starts, refuses what no platform can take, stops twice, and no process is left', async () =>
        checkLifecycle(driver, await options()),
      ),
      alone('Its processes killed in mid-run are told to the caller, and the stop cleans up', async () =>
        checkCrash(driver, await options()),
      ),
      alone('Two runs after each other leave no process, no port and no file behind', () => checkResidue(module, name)),
      alone('It ends when the process that started it is killed', () => checkOrphans(module, name)),
    ],
    async end() {
      await (await platform?.catch(() => undefined))?.stop();
      for (const folder of folders) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** All cases for a started platform. Each has a workflow of its own. */
export function conformanceCases(): readonly ConformanceCase[] {
  return [...PATTERN_CASES, ...STREAM_CASES, ...FAULT_CASES];
}

/**
 * Runs one case on a started platform. `unsupported`: the platform refused the case's workflow as it had declared it
 * would. Rejects with what was expected and what came.
 */
export async function runCase(c: ConformanceCase, platform: Platform, capabilities: Capabilities): Promise<'passed' | 'unsupported'> {
  if (needsUnsupported(c.workflow, capabilities)) {
    await expectError(platform.deploy(c.workflow), 'UNSUPPORTED_PATTERN');
    return 'unsupported';
  }
  const deployed: Deployment[] = [];
  const deploy = async (workflow: Workflow): Promise<Deployment> => {
    const deployment = await platform.deploy(workflow);
    deployed.push(deployment);
    return deployment;
  };
  try {
    await c.run(await deploy(c.workflow), { payloadLimitBytes: capabilities.payloadLimitBytes, deploy });
  } finally {
    for (const deployment of deployed) await deployment.remove();
  }
  return 'passed';
}

/** The patterns that the cases run; proves that none is left out. */
export function patternsCovered(): readonly Pattern[] {
  return PATTERNS.filter((pattern) => conformanceCases().some(({ workflow }) => workflow.dependencies.some((d) => d.pattern === pattern)));
}

function needsUnsupported({ dependencies }: Workflow, capabilities: Capabilities): boolean {
  return dependencies.some((d) => supportOf(capabilities, d.pattern, 'scope' in d ? d.scope : 'session').kind === 'unsupported');
}
