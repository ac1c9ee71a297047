import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { EXIT } from './exit-codes.ts';
import { StateFolder } from './state-folder.ts';
import { GREET, type Running, run, start } from './testing/command.ts';

/** How long processes may take to be gone, and logs to be written. */
const POLL_MS = 20;
const POLLS = 1_500;

const root = mkdtempSync(join(tmpdir(), 'up-'));
test.after.always(() => rmSync(root, { recursive: true }));

interface Up extends Running {
  readonly state: string;
  /** By name. */
  readonly pids: ReadonlyMap<string, number>;
}

/** Starts a cluster; ended with the test. */
async function up(t: ExecutionContext, ...args: readonly string[]): Promise<Up> {
  const state = mkdtempSync(join(root, 'state-'));
  const running = start(['up', '--state', state, '--executors', '1', '--arena-bytes', String(2 ** 28), ...args]);
  t.teardown(async () => {
    running.child.kill('SIGKILL');
    await running.ended;
  });
  const [text] = await running.said(/a cluster is up\n(?: .*\n)+/);
  return {
    ...running,
    state,
    pids: new Map([...text.matchAll(/^ +(\S+) +\S+ +process (\d+)$/gm)].map(([, name, pid]) => [name!, Number(pid)])),
  };
}

async function until(holds: () => boolean | Promise<boolean>): Promise<boolean> {
  for (let poll = 0; poll < POLLS; poll++) {
    if (await holds()) return true;
    await sleep(POLL_MS);
  }
  return false;
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const gone = (pids: Iterable<number>): Promise<boolean> => until(() => [...pids].every((pid) => !exists(pid)));

test.serial('A cluster is found by the other commands, serves them, logs, and ends in order with no process left', async (t) => {
  const config = join(root, 'gateway.toml');
  writeFileSync(config, '[gateway]\nport = 0\n');
  const { child, ended, state, pids } = await up(t, '--workers', '2', '--coordinators', '1', '--gateway', '--config', config);
  t.deepEqual([...pids.keys()], ['manager', 'coordinator-1', 'worker-1', 'worker-2', 'gateway']);
  t.like(await run(['register', GREET, '--state', state]), { code: EXIT.fine });
  const { stdout, stderr } = await run(['call', 'greet', 'first', '--state', state], 'you');
  t.deepEqual([stdout.toString(), stderr], ['hello you', '']);
  const [status, apps, second] = await Promise.all([
    run(['status', '--json', '--state', state]),
    run(['apps', '--state', state]),
    run(['up', '--state', state]),
  ]);
  const names = JSON.parse(status.stdout.toString()).members.map(({ name }: { name: string }) => name);
  t.deepEqual(names, ['coordinator-1', 'worker-1', 'worker-2']);
  t.is(apps.stdout.toString(), 'greet\n');
  t.is(second.code, EXIT.badInput);
  t.regex(second.stderr, new RegExp(`expected no cluster there, found that of process ${child.pid}; --state names another folder`));
  // As Ctrl-C at a terminal does, which reaches all of its group.
  for (const pid of [child.pid!, ...pids.values()]) process.kill(pid, 'SIGINT');
  t.like(await ended, { code: EXIT.fine });
  t.true(await gone(pids.values()));
  t.is(new StateFolder(state).read(), undefined);
  const [gateway, records] = await Promise.all([
    run(['logs', '--state', state, '--process', 'gateway']),
    run(['logs', '--state', state, '--json']),
  ]);
  t.regex(gateway.stdout.toString(), /^\d\d:\d\d:\d\d\.\d{3} gateway +info +connected to the platform\n/);
  const written = records.stdout
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.like(
    written.find(({ stream }) => stream === 'stdout'),
    { role: 'worker', app: 'greet', function: 'first' },
  );
  const stopped = written.filter(({ msg }) => msg === 'stopped').map(({ role }) => role);
  t.deepEqual(stopped, ['gateway', 'coordinator', 'worker', 'worker', 'manager']);
});

test.serial('A process that dies is reported, and started again where that is wanted', async (t) => {
  const { child, ended, pids, said } = await up(t, '--workers', '1', '--coordinators', '1', '--restart');
  process.kill(pids.get('worker-1')!, 'SIGKILL');
  await said(/worker-1 died \(SIGKILL\); starting it again/);
  const [, again] = await said(/worker-1 is back as process (\d+)/);
  // As service managers do, to every process that they find.
  for (const pid of [child.pid!, pids.get('manager')!, Number(again)]) process.kill(pid, 'SIGTERM');
  const { code, stderr } = await ended;
  t.is(code, EXIT.fine);
  t.deepEqual(stderr.match(/died/g), ['died']);
  t.true(await gone([...pids.values(), Number(again)]));
});

test.serial('After kill -9 of pheromone up its processes end by themselves, and the folder can be used again', async (t) => {
  const { child, ended, pids, state } = await up(t, '--workers', '1', '--coordinators', '1');
  child.kill('SIGKILL');
  await ended;
  t.true(await gone(pids.values()));
  t.is(new StateFolder(state).read(), undefined);
  t.notThrows(() => new StateFolder(state).claim());
});

test('What a role is told wrongly is told before anything starts', async (t) => {
  const cases = [
    [['up', '--executors', '0'], /^pheromone: --executors: expected a whole number from 1 to \d+, got 0\n$/],
    [['up', '--log-file', 'x'], /^pheromone: log-file: expected none, since each process/],
    [['up', '--workers', '0'], /^pheromone: --workers: expected a whole number from 1 to 100, got 0\n$/],
    [['up', '--workers', 'two'], /^pheromone: --workers: expected a whole number, got "two"\n$/],
    [['coordinator'], /^pheromone: coordinator: expected --manager HOST:PORT, got none\n$/],
    [['manager', '--host', '0.0.0.0'], /^pheromone: INVALID_ARGUMENT: listen on 0\.0\.0\.0:0: expected a cluster secret, or 127\.0\.0\.1/],
    [['worker', '--secret-file', join(root, 'none')], /none: expected a file with the secret, got ENOENT\n$/],
  ] as const;
  const results = await Promise.all(cases.map(([args]) => run([...args, '--state', join(root, 'unused')])));
  for (const [index, [args, line]] of cases.entries()) {
    t.is(results[index]?.code, EXIT.badInput, args.join(' '));
    t.regex(results[index]?.stderr ?? '', line);
  }
});

test.serial('Roles that were started one by one find each other, with a secret from the environment', async (t) => {
  const env = { PHEROMONE_CLUSTER_SECRET: 'not to be seen, and long enough to be none to guess' };
  const role = async (...args: readonly string[]): Promise<string> => {
    const running = start(args, env);
    t.teardown(async () => {
      running.child.kill('SIGKILL');
      await running.ended;
    });
    return (await running.said(/listens on (\S+)/))[1]!;
  };
  const manager = await role('manager');
  await Promise.all([role('coordinator', '--manager', manager), role('worker', '--manager', manager, '--arena-bytes', String(2 ** 28))]);
  const registered = await run(['register', GREET, '--manager', manager], '', env);
  t.is(registered.code, EXIT.fine, registered.stderr);
  t.is((await run(['call', 'greet', 'first', '--manager', manager], 'you', env)).stdout.toString(), 'hello you');
  const status = await run(['status', '--json', '--manager', manager], '', env);
  t.deepEqual(
    JSON.parse(status.stdout.toString()).members.map(({ role, error }: { role: string; error?: string }) => [role, error]),
    [
      ['coordinator', undefined],
      ['worker', undefined],
    ],
  );
  const seen = (await run(['call', 'greet', 'environment', '--manager', manager], '', env)).stdout.toString();
  t.true('PATH' in JSON.parse(seen));
  t.false(seen.includes(env.PHEROMONE_CLUSTER_SECRET));
  const stranger = await run(['apps', '--manager', manager]);
  t.is(stranger.code, EXIT.failure);
  t.regex(stranger.stderr, /UNAUTHENTICATED/);
});
