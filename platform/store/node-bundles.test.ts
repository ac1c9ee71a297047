import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { AppDefinition } from '../core/app.ts';
import { encodeBundle } from './bundles.ts';
import { openMemoryStore } from './durable/memory-store.ts';
import { temporaryFolder } from './durable/testing/folder.ts';
import { NodeBundles } from './node-bundles.ts';

const ENCODED = encodeBundle([{ path: 'index.mjs', bytes: Buffer.from("export const said = 'hello';") }]);

function appWith(...modules: readonly string[]): AppDefinition {
  return { name: 'a', functions: modules.map((module, i) => ({ name: `f${i}`, module, export: 'said' })), buckets: [], triggers: [] };
}

test('functions in bundles become files of this machine, and all else stays as it is', async (t) => {
  const bundles = new NodeBundles(openMemoryStore(), await temporaryFolder(t));
  const id = await bundles.put(ENCODED);
  const definition = appWith(`bundle:${id}/index.mjs`, 'file:///x.mjs');
  const [bundled, other] = (await bundles.localise(definition)).functions;
  t.is(((await import(bundled!.module)) as { said: string }).said, 'hello');
  t.deepEqual(other, definition.functions[1]);
  t.is(definition.functions[0]!.module, `bundle:${id}/index.mjs`);
  const plain = appWith('file:///x.mjs');
  t.is(await bundles.localise(plain), plain);
});

test('a cache that cannot be written to is a code that could not be loaded, with the function and the reason', async (t) => {
  const file = join(await temporaryFolder(t), 'file');
  await writeFile(file, '');
  const bundles = new NodeBundles(openMemoryStore(), file);
  const id = await bundles.put(ENCODED);
  await t.throwsAsync(bundles.localise(appWith(`bundle:${id}/index.mjs`)), {
    code: 'FUNCTION_LOAD_FAILED',
    message: /^app "a": function "f0": could not load bundle:\w+\/index\.mjs: could not write it .*ENOTDIR/,
  });
});
