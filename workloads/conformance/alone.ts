/** A platform in a process of its own, looked at from outside: what it leaves behind, and what becomes of it without its parent. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { beside } from '../api/workflow.ts';
import { filesBelow, killAll, markedProcesses, remaining } from './footprint.ts';

/** What the process prints once its platform runs. */
export interface StartedLine {
  readonly pids: readonly number[];
}

/** What it prints once its platform has stopped: the ports on which it still listens. */
export interface StoppedLine {
  readonly ports: readonly number[];
}

/** How long a platform may take to start and to run twice. */
const RUN_MS = 60_000;
/** How long processes may take to notice that their parent is gone, and a process without work to end. */
const END_MS = 10_000;
const RUNS = 2;

/** A process that uses a platform, in folders that nobody else uses. */
interface Alone {
  readonly child: ChildProcess;
  readonly lines: AsyncIterator<string>;
  /** Home, working and temporary folders of the process. */
  readonly home: string;
  /** Its processes and those that they started; none without a /proc. */
  family(): readonly number[];
}

/**
 * Starts the driver that `module` exports as `name` in a process, kills that, and expects all of the platform's
 * processes to end within `endMs`.
 */
export async function checkOrphans(module: string, name: string, endMs = END_MS): Promise<void> {
  await alone(module, name, 0, async ({ child, lines, family }) => {
    const { pids } = await nextLine<StartedLine>(lines);
    const all = new Set([...pids, ...family()]);
    all.delete(child.pid!);
    const untold = [...all].filter((pid) => !pids.includes(pid));
    child.kill('SIGKILL');
    const left = await remaining(all, endMs);
    if (left.length > 0) throw new Error(`expected processes ${[...all].join(', ')} to end after their parent, found ${left.join(', ')}`);
    if (untold.length > 0) throw new Error(`expected pids() to name every process of the platform, not named: ${untold.join(', ')}`);
  });
}

/**
 * Starts, uses and stops the platform twice in one process and expects nothing to be left of it: no process, no
 * listening port, no file outside its folder, nothing that keeps the process from ending within `endMs`.
 */
export async function checkResidue(module: string, name: string, endMs = END_MS): Promise<void> {
  await alone(module, name, RUNS, async ({ child, lines, home, family }) => {
    const ended = once(child, 'exit');
    for (let run = 1; run <= RUNS; run++) {
      const { pids } = await nextLine<StartedLine>(lines);
      const { ports } = await nextLine<StoppedLine>(lines);
      const left = await remaining(pids, 0);
      if (left.length > 0) throw new Error(`expected no process of the platform after run ${run}, found ${left.join(', ')}`);
      if (ports.length > 0) throw new Error(`expected no listening port after run ${run}, found ${ports.join(', ')}`);
    }
    if (!(await settles(ended, endMs)))
      throw new Error('expected the process to end after the stop, a timer, server or connection keeps it');
    const [code] = await ended;
    if (code !== 0) throw new Error(`expected the process to end with exit code 0, got ${code}`);
    const left = await remaining(family(), 0);
    if (left.length > 0) throw new Error(`expected no process after both runs, found ${left.join(', ')}`);
    const files = filesBelow(home);
    if (files.length > 0) throw new Error(`expected no file outside the platform's folder, found ${files.join(', ')}`);
  });
}

async function alone(module: string, name: string, runs: number, check: (process: Alone) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
  const [home, dataDir] = [join(folder, 'home'), join(folder, 'data')];
  mkdirSync(home);
  const [markName, markValue] = ['CONFORMANCE_RUN', randomUUID()];
  const family = (): readonly number[] => markedProcesses(`${markName}=${markValue}`);
  const child = spawn(process.execPath, [fileURLToPath(beside(import.meta.url, 'driver-entry')), module, name, dataDir, String(runs)], {
    cwd: home,
    env: { ...process.env, HOME: home, TMPDIR: home, [markName]: markValue },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout!)[Symbol.asyncIterator]();
  try {
    await check({ child, lines, home, family });
  } finally {
    child.kill('SIGKILL');
    killAll(family());
    await remaining([child.pid!, ...family()], END_MS);
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function nextLine<T>(lines: AsyncIterator<string>): Promise<T> {
  const next = lines.next();
  if (!(await settles(next, RUN_MS))) throw new Error(`expected the platform to start and stop within ${RUN_MS} ms`);
  const { value, done } = await next;
  if (done) throw new Error('expected a platform that starts, runs and stops, the process that used it ended');
  return JSON.parse(value) as T;
}

/** Whether `promise` settles in time. */
async function settles(promise: Promise<unknown>, withinMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), withinMs);
  });
  const done = promise.then(
    () => true,
    () => true,
  );
  const inTime = await Promise.race([done, late]);
  clearTimeout(timer);
  return inTime;
}
