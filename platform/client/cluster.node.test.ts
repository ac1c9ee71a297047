import { setTimeout as wait } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type { AppDefinition } from '../core/app.ts';
import { type Cluster, startCluster } from '../launch/cluster.ts';
import { configureLog } from '../log/log.ts';
import { fn } from '../worker/testing/node.ts';
import { type ClusterClient, connectCluster } from './cluster.ts';

configureLog({ level: 'silent' });

const INPUT = new Uint8Array([1, 2, 3]);
const NAMES = Array.from({ length: 12 }, (_, index) => `app-${index}`);
const POLL_MS = 20;
const POLLS = 3_000;
/** Enough for any stretch of time in which members look for each other on a busy machine. */
const RETRIES = 100;

function appOf(name: string): AppDefinition {
  return {
    name,
    functions: [fn('fault-bodies', 'echo'), fn('fault-bodies', 'neverSettles', { concurrency: 100, timeoutMs: 600_000 })],
    buckets: [],
    triggers: [],
  };
}

/** Two coordinators and two workers with all the apps; gone when the test is over. */
async function clusterOf(t: ExecutionContext, suspectMs: number): Promise<{ cluster: Cluster; client: ClusterClient }> {
  const manager = { heartbeatMs: 200, suspectMs, returnMs: 100 };
  const cluster = await startCluster({ workers: 2, coordinators: 2, executors: 1, worker: { arenaBytes: 2 ** 28 }, manager });
  t.teardown(() => cluster.stop());
  const client = await connectCluster({ manager: cluster.manager, retries: RETRIES });
  t.teardown(() => client.close());
  for (const name of NAMES) await client.register(appOf(name));
  return { cluster, client };
}

async function echoes(t: ExecutionContext, client: ClusterClient): Promise<void> {
  for (const { outputs } of await Promise.all(NAMES.map((name) => client.call(name, 'echo', INPUT)))) t.deepEqual(outputs[0]?.bytes, INPUT);
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let poll = 0; poll < POLLS; poll++) {
    if (await isSo()) return;
    await wait(POLL_MS);
  }
  throw new Error(`expected ${what} within ${(POLLS * POLL_MS) / 1_000} s`);
}

test.serial('apps are called on while a coordinator is killed, and while it comes back', async (t) => {
  const { cluster, client } = await clusterOf(t, 60_000);
  t.deepEqual((await client.status()).apps, NAMES.toSorted());
  await echoes(t, client);
  await cluster.kill('coordinator-1');
  await echoes(t, client);
  await client.register(appOf('late'));
  await cluster.restart('coordinator-1');
  await echoes(t, client);
  await client.call('late', 'echo', INPUT);
  await until('all apps at their owners', async () => (await client.status()).apps.length === NAMES.length + 1);
});

test.serial('coordinators are replaced one after the other, in order, and no call notices', async (t) => {
  const { cluster } = await clusterOf(t, 60_000);
  const client = await connectCluster({ manager: cluster.manager });
  t.teardown(() => client.close());
  let isOver = false;
  const answered = new Map(NAMES.map((name) => [name, 0]));
  const calling = NAMES.map(async (name) => {
    while (!isOver) {
      const { outputs } = await client.call(name, 'echo', INPUT);
      t.deepEqual(outputs[0]?.bytes, INPUT);
      answered.set(name, answered.get(name)! + 1);
    }
  });
  const called = Promise.all(calling);
  called.catch(() => {}); // Told below.
  const areAllAnswered = async (): Promise<boolean> => [...answered.values()].every((count) => count > 0);
  for (const coordinator of ['coordinator-1', 'coordinator-2']) {
    // In order, however long that takes.
    await cluster.kill(coordinator, 'SIGTERM');
    await until('its end', async () => cluster.members.some(({ name, isAlive }) => name === coordinator && !isAlive));
    await cluster.restart(coordinator);
    for (const name of NAMES) answered.set(name, 0);
    await Promise.race([until('an answer of each app', areAllAnswered), called]);
  }
  isOver = true;
  await t.notThrowsAsync(called);
});

test.serial('what is under way with a coordinator that stands still rejects when the manager has noticed', async (t) => {
  const { cluster } = await clusterOf(t, 3_000);
  const client = await connectCluster({ manager: cluster.manager });
  t.teardown(() => client.close());
  const faults: string[] = [];
  for (const name of NAMES) client.call(name, 'neverSettles', INPUT).catch(({ code, message }) => faults.push(`${code} ${message}`));
  await until('all calls to run', async () => (await client.status()).sessions === NAMES.length);
  await cluster.kill('coordinator-1', 'SIGSTOP');
  await until('a rejection', async () => faults.length > 0);
  await cluster.kill('coordinator-1', 'SIGCONT');
  for (const fault of faults) t.regex(fault, /^DISCONNECTED coordinator coordinator-\d: it is no member of the cluster any more$/);
});

test.serial('the coordinator that stood still is a member again, and no call is lost for good', async (t) => {
  const { cluster, client } = await clusterOf(t, 3_000);
  await cluster.kill('coordinator-1', 'SIGSTOP');
  await echoes(t, client);
  await cluster.kill('coordinator-1', 'SIGCONT');
  await until('all apps at their owners', async () => (await client.status()).apps.length === NAMES.length);
  await echoes(t, client);
});

test.serial('what is fed comes to the subscribers, also after the coordinator of the app was killed', async (t) => {
  const { cluster, client } = await clusterOf(t, 60_000);
  const outputs = new Set<string>();
  const faults = new Set<string>();
  const listeners = NAMES.map((name) =>
    client.subscribe(name, { onOutput: () => outputs.add(name), onFault: ({ code }) => faults.add(`${name} ${code}`) }),
  );
  await Promise.all(listeners);
  const fedAndHeard = async (): Promise<boolean> => {
    await Promise.all(NAMES.map((name) => client.feed(name, 'echo', INPUT)));
    return outputs.size === NAMES.length;
  };
  await until('an output of each app', fedAndHeard);
  await cluster.kill('coordinator-1');
  outputs.clear();
  await until('an output of each app once more', fedAndHeard);
  t.true(faults.size > 0 && faults.size < NAMES.length);
  t.true([...faults].every((fault) => fault.endsWith(' NODE_LOST')));
});
