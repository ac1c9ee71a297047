/**
 * What every platform must do, whatever it is built on, as cases without a test framework. A driver's test file
 * starts its platform once, gives each case to `runCase`, and runs `checkLifecycle` and `checkOrphans` beside it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { type Capabilities, type Driver, DriverError, type Platform, type StartOptions } from '../api/driver.ts';
import { PATTERNS, type Pattern, type Workflow } from '../api/workflow.ts';
import { type CaseContext, type ConformanceCase, expectError, flow, invoke } from './case.ts';
import { FAULT_CASES } from './fault-cases.ts';
import { PATTERN_CASES } from './pattern-cases.ts';

/** How long a platform may take to notice that its parent is gone. */
const PATIENCE_MS = 10_000;
const LOOK_MS = 20;

/** All cases. Each has a workflow of its own. */
export function conformanceCases(): readonly ConformanceCase[] {
  return [...PATTERN_CASES, ...FAULT_CASES];
}

/**
 * Runs one case on a started platform. `unsupported`: the platform refused the case's workflow as it had declared
 * it would, or refused a workflow of app scope. Rejects with what was expected and what came.
 */
export async function runCase(c: ConformanceCase, platform: Platform, capabilities: Capabilities): Promise<'passed' | 'unsupported'> {
  const isDeclared = c.patterns.some((pattern) => capabilities.patterns[pattern].kind === 'unsupported');
  if (isDeclared) {
    await expectError(platform.deploy(c.workflow), 'UNSUPPORTED_PATTERN');
    return 'unsupported';
  }
  const context: CaseContext = { payloadLimitBytes: capabilities.payloadLimitBytes };
  try {
    const deployment = await platform.deploy(c.workflow);
    try {
      await c.run(deployment, context);
    } finally {
      await deployment.remove();
    }
  } catch (error) {
    if (c.scope === 'app' && error instanceof DriverError && error.code === 'UNSUPPORTED_PATTERN') return 'unsupported';
    throw error;
  }
  return 'passed';
}

/** The patterns that the cases run; proves that none is left out. */
export function patternsCovered(): readonly Pattern[] {
  return PATTERNS.filter((pattern) => conformanceCases().some((c) => c.patterns.includes(pattern)));
}

/** Starts the platform, checks what it refuses to deploy, stops it twice and expects no process of it to be left. */
export async function checkLifecycle(driver: Driver, options: StartOptions): Promise<void> {
  const availability = await driver.probe();
  if (!availability.runs) throw new Error(`expected ${driver.name} to run here: ${availability.why}; ${availability.remedy}`);
  const platform = await driver.start(options);
  const pids = platform.pids();
  try {
    if (pids.length === 0 || pids.includes(process.pid)) throw new Error(`expected processes of its own, got ${pids.join(', ') || 'none'}`);
    await checkRefusals(platform);
    const deployment = await platform.deploy(flow({ only: 'hang' }, [], 'first'));
    const running = expectError(invoke(deployment, ''), 'CANCELLED', 'PLATFORM_UNAVAILABLE', 'PLATFORM_FAILED');
    await platform.stop();
    await running;
    await expectError(invoke(deployment, ''));
  } finally {
    await platform.stop();
  }
  const left = pids.filter(isAlive);
  if (left.length > 0) throw new Error(`expected no process after the stop, found ${left.join(', ')}`);
}

/** Starts the driver that `module` exports as `name` in a process, kills that, and expects the platform's processes to end. */
export async function checkOrphans(module: string, name: string, dataDir: string): Promise<void> {
  const start = `const { ${name}: driver } = await import(${JSON.stringify(module)});
    const platform = await driver.start({ executors: 2, dataDir: ${JSON.stringify(dataDir)} });
    console.log(JSON.stringify(platform.pids()));`;
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', start], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface(parent.stdout), 'line', { signal: AbortSignal.timeout(PATIENCE_MS) });
  parent.kill('SIGKILL');
  const pids = JSON.parse(line) as readonly number[];
  let left = pids;
  for (let waitedMs = 0; waitedMs < PATIENCE_MS && left.length > 0; waitedMs += LOOK_MS) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    left = pids.filter(isAlive);
  }
  for (const pid of left) process.kill(pid, 'SIGKILL');
  if (left.length > 0) throw new Error(`expected processes ${pids.join(', ')} to end after their parent, found ${left.join(', ')}`);
}

async function checkRefusals(platform: Platform): Promise<void> {
  const sound = flow({ only: 'echo' }, []);
  await expectError(platform.deploy({ ...sound, entry: 'nobody' }), 'INVALID_WORKFLOW');
  const missing: Workflow = { ...sound, functions: { only: { ...sound.functions.only!, export: 'missing' } } };
  const outcome = platform.deploy(missing).then((deployment) => invoke(deployment, ''));
  await expectError(outcome, 'INVALID_WORKFLOW', 'FUNCTION_FAILED');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
