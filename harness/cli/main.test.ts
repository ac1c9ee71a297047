import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { isAlive, killAll, markedProcesses, remaining } from '../../workloads/conformance/footprint.ts';
import { readRun } from '../read-run.ts';
import { PLATFORMS } from '../registry.ts';
import { probe } from '../run/fleet.ts';
import { EXIT } from './exit-codes.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));
const launcher = fileURLToPath(new URL('../../bin/pherobench.js', import.meta.url));
/** How long everything may take to be gone after the harness. */
const GONE_WITHIN_MS = 15_000;

const root = mkdtempSync(join(tmpdir(), 'main-'));
test.after.always(() => rmSync(root, { recursive: true }));

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown[]>;
  /** Folder of the run. */
  readonly dir: string;
  /** Folder for temporary files. */
  readonly temporary: string;
  /** Processes that it has started, directly or not. */
  processes(): readonly number[];
}

/** Starts a run on every platform that runs here, in a process group of its own as a terminal does, and waits for its first trials. */
async function startRun(script: string): Promise<Started> {
  const found = await Promise.all(PLATFORMS.map(probe));
  const names = found.filter(({ availability }) => availability.runs).map(({ driver }) => driver.name);
  const dir = join(mkdtempSync(join(root, 'run-')), 'results');
  const temporary = join(dir, '../tmp');
  mkdirSync(temporary);
  const mark = randomUUID();
  const env = { ...process.env, TMPDIR: temporary, PHEROBENCH_TEST: mark };
  const args = [script, 'run', 'chain', '--platform', names.join(','), '--profile', 'paper', '--out', dir];
  const child = spawn(process.execPath, args, { detached: true, env, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'exit');
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  while (!stderr.includes('warm-up 1') && child.exitCode === null) await Promise.race([once(child.stderr, 'data'), ended]);
  if (child.exitCode !== null) throw new Error(`expected a run under way, it ended: ${stderr}`);
  return { child, ended, dir, temporary, processes: () => markedProcesses(`PHEROBENCH_TEST=${mark}`) };
}

/** Ends what is left of a run and tells which processes that were. */
async function leftOf({ processes }: Started): Promise<readonly string[]> {
  const left = await remaining(processes(), GONE_WITHIN_MS);
  killAll(left);
  return left.map(String);
}

/** The process group of a process. */
function groupOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
}

const recordsOf = (dir: string): string[] => readFileSync(join(dir, 'records.jsonl'), 'utf8').split('\n');

const signals: readonly (readonly [string, (pid: number) => void])[] = [
  ['Ctrl-C at a terminal, which reaches every process', (pid) => process.kill(-pid, 'SIGINT')],
  ['SIGTERM', (pid) => process.kill(pid, 'SIGTERM')],
];

for (const [what, send] of signals) {
  test.serial(`${what} ends a run in order: no process dies before its time, and none and no file is left`, async (t) => {
    const run = await startRun(main);
    send(run.child.pid!);
    t.deepEqual(await run.ended, [EXIT.interrupted, null]);
    t.deepEqual(await leftOf(run), []);
    const { manifest, records } = readRun(run.dir);
    t.is(manifest.state, 'interrupted');
    t.deepEqual(
      records.filter(
        (record) => record.kind === 'incident' || record.kind === 'absent' || (record.kind === 'trial' && record.outcome.kind !== 'ok'),
      ),
      [],
    );
    t.deepEqual(readdirSync(run.temporary), []);
  });
}

test.serial('Ctrl-C at a terminal is left to the harness by every process of every platform', async (t) => {
  const run = await startRun(main);
  const others = run.processes().filter((pid) => pid !== run.child.pid && groupOf(pid) === run.child.pid);
  for (const pid of others) process.kill(pid, 'SIGINT');
  const linesBefore = recordsOf(run.dir).length;
  // A few more trials: whoever was to end has ended by then.
  while (recordsOf(run.dir).length < linesBefore + 20 && run.child.exitCode === null) await sleep(20);
  const gone = others.filter((pid) => !isAlive(pid));
  run.child.kill('SIGTERM');
  await run.ended;
  t.deepEqual(await leftOf(run), []);
  t.deepEqual(gone, []);
  t.deepEqual(
    readRun(run.dir).records.filter((record) => record.kind === 'trial' && record.outcome.kind !== 'ok'),
    [],
  );
});

test.serial('After kill -9 of the harness its processes end, the records can be read, and the next run removes the files', async (t) => {
  const run = await startRun(main);
  t.true(run.processes().length > 1 || !existsSync('/proc'));
  run.child.kill('SIGKILL');
  await run.ended;
  t.deepEqual(await leftOf(run), []);
  t.is(readRun(run.dir).manifest.state, 'running');
  const args = ['run', 'floors', '--rounds', '1', '--out', join(run.dir, '../next')];
  const next = spawn(process.execPath, [main, ...args], { env: { ...process.env, TMPDIR: run.temporary }, stdio: 'ignore' });
  t.deepEqual(await once(next, 'exit'), [EXIT.fine, null]);
  t.deepEqual(
    readdirSync(run.temporary).filter((name) => name.startsWith('pherobench-')),
    [],
  );
});

test.serial('After kill -9 of the launcher the run is interrupted, since nobody could stop it any more', async (t) => {
  const run = await startRun(launcher);
  run.child.kill('SIGKILL');
  await run.ended;
  t.deepEqual(await leftOf(run), []);
  t.is(readRun(run.dir).manifest.state, 'interrupted');
  t.deepEqual(readdirSync(run.temporary), []);
});
