import { createServer } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { connectCluster } from '../client/cluster.ts';
import { type Cluster, type ClusterOptions, startCluster } from './cluster.ts';

const ARENA_BYTES = 2 ** 28;

/** A cluster that is gone when the test is over. */
async function clusterOf(t: ExecutionContext, options: ClusterOptions): Promise<Cluster> {
  const cluster = await startCluster({ executors: 1, ...options, worker: { arenaBytes: ARENA_BYTES, ...options.worker } });
  t.teardown(() => cluster.stop());
  return cluster;
}

test('A cluster is a process for each member, on a port of its own, and none is left after stop', async (t) => {
  const cluster = await clusterOf(t, { workers: 2, coordinators: 1, gateway: { port: 0 } });
  const { members } = cluster;
  t.deepEqual(
    members.map(({ name, role }) => [name, role]),
    [
      ['manager', 'manager'],
      ['coordinator-1', 'coordinator'],
      ['worker-1', 'worker'],
      ['worker-2', 'worker'],
      ['gateway', 'gateway'],
    ],
  );
  t.true(members.every(({ isAlive }) => isAlive));
  t.is(new Set(members.map(({ pid }) => pid)).size, 5);
  t.is(new Set(members.map(({ port }) => port)).size, 5);
  t.is(cluster.manager.port, members[0]!.port);
  await cluster.stop();
  t.deepEqual(
    members.map(({ pid }) => exists(pid)),
    [false, false, false, false, false],
  );
});

test('A manager that was killed comes back where it was', async (t) => {
  const cluster = await clusterOf(t, { workers: 0, coordinators: 0 });
  const { port } = cluster.manager;
  await cluster.kill('manager');
  t.false(cluster.members[0]?.isAlive);
  await cluster.restart('manager');
  t.true(cluster.members[0]?.isAlive);
  t.is(cluster.manager.port, port);
});

test('A process that dies is told of, and comes back where that is wanted', async (t) => {
  const told: string[] = [];
  const { promise: returned, resolve } = Promise.withResolvers<void>();
  const events = {
    died: (name: string, how: string) => told.push(`${name} ${how}`),
    returned: (name: string) => told.push(`${name} back`) && resolve(),
  };
  const cluster = await clusterOf(t, { workers: 1, coordinators: 0, restart: true, events });
  const before = cluster.members[1]?.pid;
  await cluster.kill('worker-1');
  await returned;
  t.deepEqual(told, ['worker-1 SIGKILL', 'worker-1 back']);
  t.not(cluster.members[1]?.pid, before);
});

test('A process that cannot be started again at once is told of, and tried again', async (t) => {
  const told: string[] = [];
  const { promise: failed, resolve: onFailed } = Promise.withResolvers<unknown>();
  const { promise: returned, resolve: onReturned } = Promise.withResolvers<void>();
  const events = { failed: (name: string, error: unknown) => told.push(name) && onFailed(error), returned: () => onReturned() };
  const cluster = await clusterOf(t, { workers: 0, coordinators: 0, restart: true, events });
  const { host, port } = cluster.manager;
  await cluster.kill('manager');
  const squatter = createServer().listen(port, host);
  t.like(await failed, { code: 'INTERNAL' });
  squatter.close();
  await returned;
  t.is(told[0], 'manager');
  t.is(cluster.manager.port, port);
});

test('What does not come up is told, and leaves no process', async (t) => {
  await t.throwsAsync(startCluster({ workers: 1, coordinators: 0, worker: { executors: 0 } }), {
    code: 'INTERNAL',
    message: /executors: expected a whole number from 1 .* got 0/,
  });
});

test('A name that nobody has is refused with the names there are', async (t) => {
  const cluster = await clusterOf(t, { workers: 0, coordinators: 0 });
  await t.throwsAsync(() => cluster.restart('worker-9'), { code: 'INVALID_ARGUMENT', message: /expected one of manager, got "worker-9"/ });
});

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('A client of the cluster calls what it has registered, at whichever node', async (t) => {
  const cluster = await clusterOf(t, { workers: 2, coordinators: 2 });
  const client = await connectCluster({ manager: cluster.manager });
  t.teardown(() => client.close());
  const echo = `export const echo = (library) => library.send(library.inputs[0].bytes, {}, { output: true });`;
  const module = `data:text/javascript,${encodeURIComponent(echo)}`;
  await client.register({ name: 'echo', functions: [{ name: 'echo', module, export: 'echo' }], buckets: [], triggers: [] });
  const { outputs } = await client.call('echo', 'echo', Buffer.from('there and back'));
  t.is(Buffer.from(outputs[0]!.bytes).toString(), 'there and back');
});
