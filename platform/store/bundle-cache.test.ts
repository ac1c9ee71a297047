import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import { BundleCache, materialise, resolveModule } from './bundle-cache.ts';
import { bundleId, bundleKey, encodeBundle, putBundle } from './bundles.ts';
import { openDiskStore } from './durable/disk-store.ts';
import type { DurableStore } from './durable/durable-store.ts';
import { openMemoryStore } from './durable/memory-store.ts';
import { temporaryFolder } from './durable/testing/folder.ts';
import { bytesOf } from './durable/testing/values.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const FILES = [
  {
    path: 'index.js',
    bytes: bytes(
      "import { word } from './lib/%C3%A4%20%23%2520.js';\nimport { answer } from 'dependency';\nexport const said = word + answer;",
    ),
  },
  { path: 'lib/ä #%20.js', bytes: bytes("export const word = 'hello';") },
  { path: 'node_modules/dependency/package.json', bytes: bytes('{ "type": "module", "exports": "./main.js" }') },
  { path: 'node_modules/dependency/main.js', bytes: bytes('export const answer = 42;') },
];

/** A store that holds the bundle, its id, and a cache below a package that takes `.js` for CommonJS. */
async function setUp(t: ExecutionContext): Promise<{ store: DurableStore; id: string; folder: string }> {
  const store = openMemoryStore();
  const outside = await temporaryFolder(t);
  await writeFile(join(outside, 'package.json'), '{ "type": "commonjs" }');
  return { store, id: await putBundle(store, FILES), folder: join(outside, 'cache') };
}

test('a bundle is written once, as it was put, and its files are found by name', async (t) => {
  const { store, id, folder } = await setUp(t);
  const root = await materialise(store, id, folder);
  for (const { path, bytes } of FILES) t.deepEqual(new Uint8Array(await readFile(join(root, path))), bytes);
  t.deepEqual(await readdir(folder), [id]);
  await store.delete(bundleKey(id));
  t.is(await materialise(store, id, folder), root);
});

test('a module of a bundle is imported with its neighbours and packages, whatever package the cache lies in', async (t) => {
  const { store, id, folder } = await setUp(t);
  const url = await resolveModule(`bundle:${id}/index.js`, new BundleCache(store, folder));
  t.deepEqual({ ...(await import(url)) }, { said: 'hello42' });
});

test('a name with signs that mean something in a URL is found, and a module that is no bundle stays as it is', async (t) => {
  const { store, id, folder } = await setUp(t);
  const bundles = new BundleCache(store, folder);
  const url = await resolveModule(`bundle:${id}/lib/ä #%20.js`, bundles);
  t.deepEqual(await readFile(fileURLToPath(url)), Buffer.from(FILES[1]?.bytes as Uint8Array));
  for (const module of ['file:///a.js', 'data:text/javascript,', 'package']) t.is(await resolveModule(module, bundles), module);
});

test('a module name that leads out of the bundle, or to none, is refused', async (t) => {
  const { store, id, folder } = await setUp(t);
  const bundles = new BundleCache(store, folder);
  for (const rest of [
    '',
    id,
    `${id}/`,
    `${id}/../${id}/files/index.js`,
    `${id}//etc/passwd`,
    `${id}/a\0`,
    '../x/index.js',
    `${id.toUpperCase()}/index.js`,
    'abc/index.js',
    '/index.js',
  ]) {
    await t.throwsAsync(resolveModule(`bundle:${rest}`, bundles), { code: 'INVALID_ARGUMENT' }, rest);
  }
  await t.throwsAsync(resolveModule(`bundle:${'0'.repeat(64)}/index.js`, bundles), { code: 'FUNCTION_LOAD_FAILED' });
});

test('bytes that are not those of the id leave nothing behind, and the right ones are taken the next time', async (t) => {
  const { store, id, folder } = await setUp(t);
  const bundles = new BundleCache(store, folder);
  await store.put(bundleKey(id), encodeBundle(FILES.slice(1)));
  await t.throwsAsync(bundles.root(id), { code: 'STORE_FAILED' });
  await t.throwsAsync(readdir(folder), { code: 'ENOENT' });
  await store.put(bundleKey(id), encodeBundle(FILES));
  await t.notThrowsAsync(bundles.root(id));
  t.is(bundles.root(id), bundles.root(id));
});

test('a bundle that says it has files outside itself is refused though its hash is right', async (t) => {
  const { store, folder } = await setUp(t);
  const head = JSON.stringify({ version: 1, files: [['../../up.js', 1]] });
  const evil = Buffer.concat([Buffer.from([0, 0, 0, head.length]), bytes(head), bytes('x')]);
  await store.put(bundleKey(bundleId(evil)), evil);
  await t.throwsAsync(materialise(store, bundleId(evil), folder), { code: 'INVALID_ARGUMENT' });
  t.deepEqual(await readdir(join(folder, '..')), ['package.json']);
});

test('drafts of processes that were killed are removed, and nothing that may be in use', async (t) => {
  const { store, id, folder } = await setUp(t);
  const [left, current, other] = [`.${id}-left`, `.${id}-current`, '.another'] as const;
  for (const name of [left, current, other]) await mkdir(join(folder, name, 'files'), { recursive: true });
  const anHourAgo = Date.now() / 1_000 - 3_601;
  for (const name of [left, other]) await utimes(join(folder, name), anHourAgo, anHourAgo);
  await new BundleCache(store, folder).root(id);
  t.deepEqual((await readdir(folder)).sort(), [current, other, id].sort());
});

test('threads and processes that need a bundle at the same time all get it whole', async (t) => {
  const path = await temporaryFolder(t);
  const cache = await temporaryFolder(t);
  const store = await openDiskStore(path);
  const asModule = { path: 'package.json', bytes: bytes('{ "type": "module" }') };
  const padding = Array.from({ length: 100 }, (_, i) => ({ path: `padding/${i}`, bytes: bytesOf(1_000, i) }));
  const id = await putBundle(store, [...FILES, asModule, ...padding]);
  await store.close();
  const entry = new URL(`./testing/importer-entry${extname(import.meta.url)}`, import.meta.url);
  const argv = [path, cache, `bundle:${id}/index.js`, 'hello42'];
  const started = [...[1, 2].map(() => new Worker(entry, { argv })), ...[1, 2].map(() => fork(entry, argv, { stdio: 'inherit' }))];
  const codes = await Promise.all(started.map((one) => once(one, 'exit').then(([code]) => code)));
  t.deepEqual(codes, [0, 0, 0, 0]);
  t.deepEqual(await readdir(cache), [id]);
});
