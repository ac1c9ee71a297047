import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { requirement } from './requirements.ts';

test('A component is found on the path if it can be run, and not otherwise', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'requirements-'));
  const { PATH, CHROMIUM_PATH } = process.env;
  t.teardown(async () => {
    Object.assign(process.env, { PATH, ...(CHROMIUM_PATH !== undefined && { CHROMIUM_PATH }) });
    await rm(folder, { recursive: true });
  });
  delete process.env.CHROMIUM_PATH;
  process.env.PATH = folder;

  t.is(requirement('chromium'), undefined);
  const file = join(folder, 'chromium');
  await writeFile(file, '');
  t.is(requirement('chromium'), undefined);
  await chmod(file, 0o755);
  t.is(requirement('chromium'), file);
  await writeFile(join(folder, 'minio'), '', { mode: 0o755 });
  t.is(requirement('minio'), process.env.MINIO_PATH ?? join(folder, 'minio'));
  process.env.CHROMIUM_PATH = '/elsewhere/chromium';
  t.is(requirement('chromium'), '/elsewhere/chromium');
  delete process.env.CHROMIUM_PATH;
});
