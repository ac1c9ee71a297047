/** What the published C++ code fails at (PAPER: "How it fails"), and what becomes of it here: in a cluster of processes with a secret. */
import anyTest, { type TestFn } from 'ava';
import { connectClient } from '../client/client.ts';
import { type ClusterClient, connectCluster } from '../client/cluster.ts';
import type { AppDefinition, FunctionDefinition } from '../core/app.ts';
import { type Cluster, startCluster } from '../launch/cluster.ts';
import { spawnRole } from '../launch/spawn.ts';
import { appOf, outcomeOf, type UnplacedTrigger } from '../worker/testing/node.ts';
import { holdsWithin } from './soak-cluster.ts';

const test = anyTest as TestFn<{ cluster: Cluster; client: ClusterClient }>;

const HOST = '127.0.0.1';
const SECURITY = { secret: 'a secret of this test alone' };
const SMALL = { arenaBytes: 2 ** 28, executors: 1 };
const INPUT = Buffer.from('in');
const BOUND_MS = 60_000;

test.before(async (t) => {
  const cluster = await startCluster({ workers: 2, worker: { ...SMALL }, security: SECURITY });
  t.context = { cluster, client: await connectCluster({ manager: cluster.manager, security: SECURITY, retries: 5 }) };
});

test.after.always(async ({ context: { client, cluster } }) => {
  await client?.close();
  await cluster?.stop();
});

function fn(name: string, more: Partial<FunctionDefinition> = {}): FunctionDefinition {
  return { name, module: new URL('./published-faults.ts', import.meta.url).href, export: name, ...more };
}

async function textOf(client: ClusterClient, app: string, name: string, input: Uint8Array | string = INPUT): Promise<string> {
  const { outputs } = await client.call(app, name, Buffer.from(input));
  return Buffer.from(outputs[0]!.bytes).toString();
}

test.serial('a function that throws, crashes or lacks a library is one error for its caller, and no timeout', async (t) => {
  const { client } = t.context;
  const missing = fn('missing', { module: new URL('./not-there.ts', import.meta.url).href });
  await client.register(appOf('faulty', [fn('throws'), fn('endsThread'), missing], [], { warm: false }));
  await client.register(appOf('crashing', [fn('crashes')], [], { isolation: 'processes' }));
  t.is(await outcomeOf(client.call('faulty', 'throws', INPUT)), 'FUNCTION_FAILED');
  t.is(await outcomeOf(client.call('faulty', 'missing', INPUT)), 'FUNCTION_LOAD_FAILED');
  const plain = await connectCluster({ manager: t.context.cluster.manager, security: SECURITY });
  t.teardown(() => plain.close());
  t.is(await outcomeOf(plain.call('faulty', 'endsThread', INPUT)), 'EXECUTOR_DIED');
  t.is(await outcomeOf(plain.call('crashing', 'crashes', INPUT)), 'EXECUTOR_DIED');
});

test.serial('an app whose library is missing is refused when it is registered', async (t) => {
  const missing = fn('missing', { module: new URL('./not-there.ts', import.meta.url).href });
  await t.throwsAsync(t.context.client.register(appOf('missing', [missing])), { code: 'FUNCTION_LOAD_FAILED' });
});

test.serial('an unknown type of trigger is refused, and ends nothing', async (t) => {
  const { client, cluster } = t.context;
  const before = cluster.members.map(({ pid }) => pid);
  const odd = { name: 'odd', primitive: 'by-chance', target: 'echo' } as unknown as UnplacedTrigger;
  await t.throwsAsync(client.register(appOf('odd', [fn('echo')], [odd])), { code: 'INVALID_APP' });
  await client.register(appOf('plain', [fn('echo')]));
  t.is(await textOf(client, 'plain', 'echo'), 'in');
  t.deepEqual(
    cluster.members.map(({ pid, isAlive }) => isAlive && pid),
    before,
  );
});

test.serial('values and keys with NUL and "|" in them come whole', async (t) => {
  const { client } = t.context;
  await client.register(
    appOf('whole', [fn('pass'), fn('take')], [{ name: 'passed', primitive: 'by-name', key: 'a|b\0c', target: 'take' }]),
  );
  const value = Uint8Array.from({ length: 512 }, (_, i) => i & 0xff);
  const { outputs } = await client.call('whole', 'pass', value);
  t.deepEqual(outputs, [{ source: 'take', key: 'a|b\0c', group: '', bytes: value }]);
});

test.serial('values of 1 KB, 5 KB and 5 MB go to another node whole', async (t) => {
  const { client, cluster } = t.context;
  const manager = `${HOST}:${cluster.manager.port}`;
  const far = await spawnRole('worker', { ...SMALL, name: 'far', labels: ['far'], manager }, { security: SECURITY });
  t.teardown(() => far.stop());
  const app = appOf('far', [fn('pass'), fn('take', { requires: ['far'] })], [{ name: 'passed', primitive: 'immediate', target: 'take' }]);
  await client.register(app);
  for (const size of [1_025, 5_000, 5_000_000]) {
    const value = Uint8Array.from({ length: size }, (_, i) => (i * 7) & 0xff);
    const { outputs } = await client.call('far', 'pass', value);
    t.is(Buffer.compare(outputs[0]!.bytes, value), 0, `${size} bytes`);
  }
});

test.serial('a flood of reports overwrites none of them', async (t) => {
  const { client } = t.context;
  const size = 30_000;
  await client.register(appOf('flood', [fn('flood'), fn('count')], [{ name: 'parts', primitive: 'by-batch-size', size, target: 'count' }]));
  const [one, other] = [textOf(client, 'flood', 'flood', `${size}`), textOf(client, 'flood', 'flood', `${size}`)];
  t.deepEqual([await one, await other], [`${size}`, `${size}`]);
});

test.serial('of more calls than there are executors none vanishes, and their objects are freed', async (t) => {
  const { client } = t.context;
  await client.register({ ...appOf('busy', [fn('work')]), buckets: [{ name: 'left' }] });
  const texts = await Promise.all(Array.from({ length: 500 }, (_, i) => textOf(client, 'busy', 'work', `${i}`)));
  t.deepEqual(
    texts,
    texts.map((_, i) => `${i}`),
  );
  const isEmpty = async (): Promise<boolean> => {
    const { sessions, memory } = await client.status();
    return sessions === 0 && memory.usedBytes === 0;
  };
  t.true(await holdsWithin(BOUND_MS, isEmpty));
});

test.serial('two apps with the same names of functions and buckets have nothing to do with each other', async (t) => {
  const { client } = t.context;
  const saying = (name: string, text: string): AppDefinition =>
    appOf(
      name,
      [fn('pass'), { ...fn('take'), export: 'say', config: { text } }],
      [{ name: 'passed', primitive: 'immediate', target: 'take' }],
    );
  await client.register(saying('one', 'of one'));
  await client.register(saying('other', 'of the other'));
  const texts = await Promise.all(Array.from({ length: 20 }, (_, i) => textOf(client, i % 2 === 0 ? 'one' : 'other', 'pass')));
  t.deepEqual(new Set(texts.filter((_, i) => i % 2 === 0)), new Set(['of one']));
  t.deepEqual(new Set(texts.filter((_, i) => i % 2 === 1)), new Set(['of the other']));
});

test.serial('when registration is acknowledged every node has the app, and one that comes later learns it', async (t) => {
  const { client, cluster } = t.context;
  await client.register(appOf('known', [fn('echo'), { ...fn('echo', { requires: ['late'] }), name: 'late' }]));
  for (const { port } of cluster.members.filter(({ role }) => role === 'worker')) {
    const node = await connectClient({ host: HOST, port, security: SECURITY });
    t.teardown(() => node.close());
    t.is(Buffer.from((await node.call('known', 'echo', INPUT)).outputs[0]!.bytes).toString(), 'in');
  }
  const manager = `${HOST}:${cluster.manager.port}`;
  const late = await spawnRole('worker', { ...SMALL, name: 'late', labels: ['late'], manager }, { security: SECURITY });
  t.teardown(() => late.stop());
  t.is(await textOf(client, 'known', 'late'), 'in');
});

test.serial('who does not have the secret is served nothing, by nobody', async (t) => {
  const { cluster } = t.context;
  for (const { name, role, port } of cluster.members) {
    for (const security of [undefined, { secret: 'another secret, not of this test' }]) {
      const connecting =
        role === 'manager' ? connectCluster({ manager: { host: HOST, port }, security }) : connectClient({ host: HOST, port, security });
      await t.throwsAsync(connecting as Promise<unknown>, { code: 'UNAUTHENTICATED' }, name);
    }
  }
});

test.serial('the death of a coordinator hangs neither the nodes nor their callers', async (t) => {
  const { client, cluster } = t.context;
  await client.register(appOf('orphaned', [fn('slow'), fn('echo')]));
  const plain = await connectCluster({ manager: cluster.manager, security: SECURITY });
  t.teardown(() => plain.close());
  const underWay = Array.from({ length: 10 }, () => outcomeOf(plain.call('orphaned', 'slow', INPUT)));
  t.true(await holdsWithin(BOUND_MS, async () => (await client.status()).sessions === underWay.length));
  await cluster.kill('coordinator-1');
  t.deepEqual(new Set(await Promise.all(underWay)), new Set(['DISCONNECTED']));
  for (const { port } of cluster.members.filter(({ role }) => role === 'worker')) {
    const node = await connectClient({ host: HOST, port, security: SECURITY });
    t.teardown(() => node.close());
    t.is(Buffer.from((await node.call('orphaned', 'echo', INPUT)).outputs[0]!.bytes).toString(), 'in');
  }
  await cluster.restart('coordinator-1');
  t.is(await textOf(client, 'orphaned', 'echo'), 'in');
});
