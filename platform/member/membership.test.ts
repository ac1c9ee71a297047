import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { PheromoneError } from '../core/errors.ts';
import type { View } from '../core/membership.ts';
import { spawnRole } from '../launch/spawn.ts';
import { type Manager, startManager } from '../manager/manager.ts';
import type { ManagerOptions } from '../manager/options.ts';
import { proxyOf } from '../wire/testing/proxy.ts';
import { type JoinOptions, joinCluster, type Membership } from './membership.ts';
import { candidate } from './testing/candidate.ts';

const ENTRY = fileURLToPath(new URL('./testing/member-entry.ts', import.meta.url));
const POLL_MS = 10;
const POLLS = 6_000;
/** Of the tests in which nobody is to be dropped for want of a core. */
const PATIENT: Partial<ManagerOptions> = { heartbeatMs: 100, suspectMs: 60_000, returnMs: 60_000 };
/** Of the tests in which someone is. */
const STRICT: Partial<ManagerOptions> = { heartbeatMs: 50, suspectMs: 500, returnMs: 100 };

async function managerOf(t: ExecutionContext, options: Partial<ManagerOptions>): Promise<Manager> {
  const manager = await startManager(options);
  t.teardown(() => manager.stop());
  return manager;
}

async function memberOf(t: ExecutionContext, port: number, more: Omit<JoinOptions, 'manager'> = {}): Promise<Membership> {
  const membership = await joinCluster({ manager: { host: '127.0.0.1', port }, ...more });
  t.teardown(() => membership.close());
  return membership;
}

interface MemberProcess {
  readonly pid: number;
  /** Why it was dropped, each time. */
  readonly drops: readonly string[];
  kill(signal: NodeJS.Signals): void;
}

async function memberProcessOf(t: ExecutionContext, port: number, name: string): Promise<MemberProcess> {
  const child = fork(ENTRY, [String(port), name], { execArgv: [] });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child, 'message');
  const drops: string[] = [];
  child.on('message', ({ dropped }: { dropped: string }) => drops.push(dropped));
  return { pid: child.pid!, drops, kill: (signal) => child.kill(signal) };
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let poll = 0; poll < POLLS; poll++) {
    if (isSo()) return;
    await wait(POLL_MS);
  }
  throw new Error(`expected ${what} within ${(POLLS * POLL_MS) / 1_000} s`);
}

function names({ members }: View): string {
  return members
    .map(({ name }) => name)
    .sort()
    .join(' ');
}

test('members and those who watch are told of each other, with all that is to be known', async (t) => {
  const { port } = await managerOf(t, PATIENT);
  const views: View[] = [];
  const watcher = await memberOf(t, port, { onView: (view) => views.push(view) });
  t.is(watcher.incarnation, undefined);
  const worker = await memberOf(t, port, { self: candidate('w1', { labels: ['gpu'] }) });
  const coordinator = await memberOf(t, port, { self: candidate('c1', { role: 'coordinator', executors: 0 }) });
  await until('three views', () => views.length === 3);
  t.deepEqual(views.map(names), ['', 'w1', 'c1 w1']);
  t.deepEqual(watcher.view, coordinator.view);
  t.deepEqual(watcher.view.members[0], { ...candidate('w1', { labels: ['gpu'] }), incarnation: worker.incarnation! });
});

test('a member that leaves is gone at once, one that drains is marked', async (t) => {
  const { port } = await managerOf(t, PATIENT);
  const watcher = await memberOf(t, port);
  const staying = await memberOf(t, port, { self: candidate('staying') });
  const leaving = await memberOf(t, port, { self: candidate('leaving') });
  await staying.drain();
  t.true(staying.view.members[0]?.draining);
  await leaving.leave();
  await until('one member that drains', () => names(watcher.view) === 'staying' && watcher.view.members[0]!.draining);
  await t.notThrowsAsync(leaving.leave());
});

test('a second member of a name is refused while the first lives', async (t) => {
  const { port } = await managerOf(t, PATIENT);
  await memberOf(t, port, { self: candidate('w1') });
  const error = await t.throwsAsync(memberOf(t, port, { self: candidate('w1', { pid: 12 }) }), { instanceOf: PheromoneError });
  t.is(error?.code, 'INVALID_ARGUMENT');
  t.is(error?.message, `member w1: expected a name that no living member has, got that of worker ${process.pid} on 127.0.0.1`);
});

test('without a manager, joining fails in time', async (t) => {
  const { port, stop } = await managerOf(t, PATIENT);
  await stop();
  const error = await t.throwsAsync(memberOf(t, port, { timeoutMs: 100 }), { instanceOf: PheromoneError });
  t.is(error?.code, 'DISCONNECTED');
  t.is(error?.message, `manager 127.0.0.1:${port}: expected a view within 100 ms, got connect to 127.0.0.1:${port}: ECONNREFUSED`);
});

test('nobody joins or watches without the secret of the cluster', async (t) => {
  const security = { secret: 'a secret of the cluster that is long enough' };
  const { port, stop } = await startManager(PATIENT, security);
  t.teardown(stop);
  const watcher = await memberOf(t, port, { security });
  await memberOf(t, port, { security, self: candidate('w1') });
  await until('a member', () => names(watcher.view) === 'w1');
  for (const self of [undefined, candidate('w2')]) {
    const error = await t.throwsAsync(memberOf(t, port, { self }), { instanceOf: PheromoneError });
    t.is(error?.code, 'UNAUTHENTICATED');
  }
});

test('a manager that starts again finds everybody as they were, and views go up', async (t) => {
  const first = await managerOf(t, PATIENT);
  const { port } = first;
  const dropped: PheromoneError[] = [];
  const views: View[] = [];
  const onDropped = (error: PheromoneError) => dropped.push(error);
  const watcher = await memberOf(t, port, { onView: (view) => views.push(view) });
  const w1 = await memberOf(t, port, { self: candidate('w1'), onDropped });
  const w2 = await memberOf(t, port, { self: candidate('w2'), onDropped });
  await until('two members', () => names(watcher.view) === 'w1 w2');
  const incarnations = [w1.incarnation, w2.incarnation];
  const { version } = watcher.view;
  await first.stop();
  t.is(names(watcher.view), 'w1 w2');

  const second = await managerOf(t, { ...PATIENT, port });
  await until('both members', () => second.view.members.length === 2);
  const w3 = await memberOf(t, port, { self: candidate('w3') });
  await until('a third member', () => [watcher, w1, w2].every(({ view }) => names(view) === 'w1 w2 w3'));
  t.deepEqual([w1.incarnation, w2.incarnation], incarnations);
  t.deepEqual(dropped, []);
  t.true(watcher.view.version > version);
  t.deepEqual(
    views.map((view) => view.version),
    views.map((view) => view.version).toSorted((a, b) => a - b),
  );
  // Nobody was away in any view on the way.
  t.deepEqual([...new Set(views.map(names))], ['', 'w1', 'w1 w2', 'w1 w2 w3']);
  t.true(w3.incarnation! > Math.max(...incarnations.map((incarnation) => incarnation!)));
});

test('a member that is killed is dropped, and its name is free', async (t) => {
  const { port } = await managerOf(t, { ...PATIENT, returnMs: 50 });
  const watcher = await memberOf(t, port);
  const { kill } = await memberProcessOf(t, port, 'w1');
  await until('a member', () => names(watcher.view) === 'w1');
  kill('SIGKILL');
  await until('no member', () => names(watcher.view) === '');
  await t.notThrowsAsync(memberOf(t, port, { self: candidate('w1') }));
});

test('a connection that is cut and healed changes nothing', async (t) => {
  const { port } = await managerOf(t, PATIENT);
  const proxy = await proxyOf(t, port);
  const watcher = await memberOf(t, proxy.port);
  const dropped: PheromoneError[] = [];
  const member = await memberOf(t, proxy.port, { self: candidate('w1'), onDropped: (error) => dropped.push(error) });
  const { incarnation } = member;
  await until('a member', () => names(watcher.view) === 'w1');
  const { version } = watcher.view;
  proxy.cut();
  await memberOf(t, port, { self: candidate('w2') });
  await until('a second member', () => [watcher, member].every(({ view }) => names(view) === 'w1 w2'));
  t.true(watcher.view.version > version);
  t.is(member.incarnation, incarnation);
  t.deepEqual(dropped, []);
});

test('a network that swallows everything is noticed at both ends, and its healing too', async (t) => {
  const { port } = await managerOf(t, STRICT);
  const proxy = await proxyOf(t, port);
  const watcher = await memberOf(t, port);
  const dropped: PheromoneError[] = [];
  const member = await memberOf(t, proxy.port, { self: candidate('w1'), onDropped: (error) => dropped.push(error) });
  const { incarnation } = member;
  proxy.silence();
  await until('no member', () => names(watcher.view) === '');
  proxy.heal();
  await until('the member', () => names(watcher.view) === 'w1');
  await until('the member to know', () => member.incarnation !== incarnation && names(member.view) === 'w1');
  t.true(member.incarnation! > incarnation!);
  t.true(dropped.length > 0);
});

test('a member that stands still is dropped, and when it goes on it is told so and joins anew', async (t) => {
  const { port } = await managerOf(t, STRICT);
  const watcher = await memberOf(t, port);
  const { kill, drops } = await memberProcessOf(t, port, 'w1');
  await until('a member', () => names(watcher.view) === 'w1');
  const before = watcher.view.members[0]!.incarnation;
  kill('SIGSTOP');
  await until('no member', () => names(watcher.view) === '');
  kill('SIGCONT');
  await until('a member', () => names(watcher.view) === 'w1');
  t.true(watcher.view.members[0]!.incarnation > before);
  await until('the member to be told', () => drops.length > 0);
  t.regex(drops[0]!, /^member w1: dropped, since it was silent for 500 ms$/);
});

test('a manager that stands still drops nobody when it goes on', async (t) => {
  const { port, pid, stop } = await spawnRole('manager', { ...STRICT, suspectMs: 2_000, returnMs: 2_000 });
  t.teardown(stop);
  const dropped: PheromoneError[] = [];
  const watcher = await memberOf(t, port);
  const member = await memberOf(t, port, { self: candidate('w1'), onDropped: (error) => dropped.push(error) });
  const { incarnation } = member;
  process.kill(pid, 'SIGSTOP');
  await wait(4_000);
  process.kill(pid, 'SIGCONT');
  await memberOf(t, port, { self: candidate('w2'), timeoutMs: 60_000 });
  await until('both members', () => [watcher, member].every(({ view }) => names(view) === 'w1 w2'));
  t.is(member.incarnation, incarnation);
  t.deepEqual(dropped, []);
});
