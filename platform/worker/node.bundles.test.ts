import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { connectCluster } from '../client/cluster.ts';
import type { FunctionDefinition } from '../core/app.ts';
import { spawnRole } from '../launch/spawn.ts';
import { labelledCluster } from '../launch/testing/labelled-cluster.ts';
import { type BundleFile, bundleKey, encodeBundle } from '../store/bundles.ts';
import { openDiskStore } from '../store/durable/disk-store.ts';
import { temporaryFolder } from '../store/durable/testing/folder.ts';
import { appOf, fn, INPUT, nodeOf, statusOnce, textOf } from './testing/node.ts';

/** A function that says `word` and in which process, and a trigger that fires with each object. */
function code(word: string): BundleFile[] {
  const index = `import { word } from './lib/word.mjs';
export const say = (library) => library.send(Buffer.from(word + ' ' + process.pid), {}, { output: true });
export const pass = (library) => library.send(library.inputs[0].bytes, { bucket: 'each', key: 'k' });
export const each = () => ({ onObject: (object) => [{ objects: [object] }] });`;
  return [
    { path: 'index.mjs', bytes: Buffer.from(index) },
    { path: 'lib/word.mjs', bytes: Buffer.from(`export const word = '${word}';`) },
  ];
}

function say(id: string, more: Partial<FunctionDefinition> = {}): FunctionDefinition {
  return { name: 'say', module: `bundle:${id}/index.mjs`, export: 'say', ...more };
}

test('a function from a bundle runs on each node, one that comes later included, and a new version takes its place', async (t) => {
  const [path, early, late] = await Promise.all([temporaryFolder(t), temporaryFolder(t), temporaryFolder(t)]);
  const surroundings = { store: { kind: 'disk', path } } as const;
  const options = { executors: 1, arenaBytes: 2 ** 28 };
  const cluster = await labelledCluster(['a', 'b'], { ...options, bundleFolder: early }, surroundings);
  t.teardown(() => cluster.stop());
  const client = await connectCluster({ manager: cluster.manager, retries: 10 });
  t.teardown(() => client.close());
  const names = ['a', 'b', 'c'];
  const functionsOf = (id: string): FunctionDefinition[] => names.map((name) => say(id, { name, requires: [name] }));

  const first = await client.uploadBundle(code('hello'));
  t.is(await client.uploadBundle(code('hello').reverse()), first);
  await client.register(appOf('app', functionsOf(first)));
  const { host, port } = cluster.manager;
  const joining = { ...options, manager: `${host}:${port}`, name: 'worker-c', labels: ['c'], bundleFolder: late };
  const third = await spawnRole('worker', joining, surroundings);
  t.teardown(() => third.stop());
  const pids = [...cluster.workers, third].map(({ pid }) => pid);
  const said = (): Promise<string[]> => Promise.all(names.map((name) => textOf(client.call('app', name, INPUT))));
  t.deepEqual(
    await said(),
    pids.map((pid) => `hello ${pid}`),
  );

  const second = await client.uploadBundle(code('goodbye'));
  await client.register(appOf('app', functionsOf(second)));
  t.deepEqual(
    await said(),
    pids.map((pid) => `goodbye ${pid}`),
  );
  for (const folder of [early, late]) t.deepEqual((await readdir(folder)).sort(), [first, second].sort());
});

test('processes of isolated apps and custom triggers find their code in bundles, too', async (t) => {
  const [path, bundleFolder] = await Promise.all([temporaryFolder(t), temporaryFolder(t)]);
  const { client, pid } = await nodeOf(t, { bundleFolder }, { store: { kind: 'disk', path } });
  const id = await client.uploadBundle(code('hello'));
  const module = `bundle:${id}/index.mjs`;
  const trigger = { name: 'each', target: 'say', primitive: 'custom', module, export: 'each' } as const;
  await client.register(appOf('triggered', [{ name: 'pass', module, export: 'pass' }, say(id)], [trigger]));
  t.is(await textOf(client.call('triggered', 'pass', INPUT)), `hello ${pid}`);
  await client.register(appOf('isolated', [say(id)], [], { isolation: 'processes' }));
  t.regex(await textOf(client.call('isolated', 'say', INPUT)), /^hello \d+$/);
});

test('a bundle that is missing, damaged or left by its path keeps an app from being registered, and nothing else', async (t) => {
  const [path, bundleFolder] = await Promise.all([temporaryFolder(t), temporaryFolder(t)]);
  const { client, pid } = await nodeOf(t, { bundleFolder }, { store: { kind: 'disk', path } });
  const id = await client.uploadBundle(code('hello'));
  const store = await openDiskStore(path);
  t.teardown(() => store.close());

  const none = '0'.repeat(64);
  const missing = { code: 'FUNCTION_LOAD_FAILED', message: /app "app": function "say": .*index\.mjs: .*expected it in the durable store/ };
  await t.throwsAsync(client.register(appOf('app', [say(none)])), missing);
  await store.put(bundleKey(id), encodeBundle(code('something else')));
  await t.throwsAsync(client.register(appOf('app', [say(id)])), { code: 'STORE_FAILED', message: /expected bytes with this hash/ });
  t.deepEqual(await readdir(bundleFolder), []);
  for (const left of [`bundle:${id}/../../index.mjs`, 'bundle:../index.mjs', `bundle:${id}`]) {
    await t.throwsAsync(client.register(appOf('app', [say(id, { module: left })])), { code: 'INVALID_ARGUMENT' }, left);
  }

  await client.uploadBundle(code('hello'));
  await t.throwsAsync(client.register(appOf('app', [say(id, { module: `bundle:${id}/none.mjs` })])), { code: 'FUNCTION_LOAD_FAILED' });
  await client.register(appOf('app', [say(id)]));
  t.is(await textOf(client.call('app', 'say', INPUT)), `hello ${pid}`);
});

test('what is no bundle, or has files outside itself, is refused where it is uploaded and by the node', async (t) => {
  const path = await temporaryFolder(t);
  const { client } = await nodeOf(t, {}, { store: { kind: 'disk', path } });
  const outside = { path: '../up.mjs', bytes: Buffer.from('x') };
  await t.throwsAsync(client.uploadBundle([outside]), { code: 'INVALID_ARGUMENT', message: /up\.mjs/ });
  const head = Buffer.from(JSON.stringify({ version: 1, files: [['../up.mjs', 1]] }));
  const forged = Buffer.concat([Buffer.from([0, 0, 0, head.length]), head, outside.bytes]);
  await t.throwsAsync(client.uploadBundle(forged), { code: 'INVALID_ARGUMENT', message: /up\.mjs/ });
  await t.throwsAsync(client.uploadBundle(Buffer.from('no bundle')), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(client.uploadBundle(join(path, 'none')), { code: 'ENOENT' });
  const store = await openDiskStore(path);
  t.teardown(() => store.close());
  for await (const key of store.list('')) t.fail(key);
});

test('a node without a durable store says so', async (t) => {
  const { client } = await nodeOf(t);
  await t.throwsAsync(client.uploadBundle(code('hello')), { code: 'INVALID_ARGUMENT', message: /expected a durable store/ });
  await t.throwsAsync(client.register(appOf('app', [say('0'.repeat(64))])), {
    code: 'FUNCTION_LOAD_FAILED',
    message: /app "app": function "say": could not load bundle:0+\/index\.mjs: expected a durable store/,
  });
  await client.register(appOf('other', [fn('life-bodies', 'echo')]));
  t.is((await statusOnce(client, ({ apps }) => apps.length > 0)).apps[0], 'other');
});
