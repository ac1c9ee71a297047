import { link, mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readBundle } from './bundle-folder.ts';
import { STORE_LIMITS } from './durable/limits.ts';
import { temporaryFolder } from './durable/testing/folder.ts';

/** A folder with these files in it. */
async function folderOf(t: ExecutionContext, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await temporaryFolder(t);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

test('a folder is read with everything below it, installed packages included, history and command links not', async (t) => {
  const code = {
    'index.js': 'a',
    'lib/b.js': 'b',
    'node_modules/c/package.json': '{}',
    'node_modules/c/node_modules/d/index.js': 'd',
    '.env': 'e',
  };
  const folder = await folderOf(t, { ...code, '.git/HEAD': 'x', 'node_modules/.bin/tool': 'x', 'node_modules/c/.git/HEAD': 'x' });
  const files = await readBundle(folder);
  t.deepEqual(Object.fromEntries(files.map(({ path, bytes }) => [path, Buffer.from(bytes).toString()])), code);
});

test('a link is refused, wherever it leads', async (t) => {
  for (const target of ['index.js', '/etc/passwd', '..', 'nowhere']) {
    const folder = await folderOf(t, { 'index.js': 'a', 'lib/b.js': 'b' });
    await symlink(target, join(folder, 'lib', 'link'));
    const error = await t.throwsAsync(readBundle(folder), { code: 'INVALID_ARGUMENT' });
    t.is(error?.message, `${join(folder, 'lib', 'link')}: expected a file or a folder, got a symbolic link`);
  }
});

test('a second name of the same file is a file', async (t) => {
  const folder = await folderOf(t, { 'index.js': 'a' });
  await link(join(folder, 'index.js'), join(folder, 'second.js'));
  t.is((await readBundle(folder)).length, 2);
});

test('a folder with too many bytes is refused before they are read', async (t) => {
  const folder = await folderOf(t, { 'a.bin': '', 'b.js': 'b' });
  await truncate(join(folder, 'a.bin'), STORE_LIMITS.bundleBytes + 1);
  await t.throwsAsync(readBundle(folder), { code: 'OBJECT_TOO_LARGE' });
});
