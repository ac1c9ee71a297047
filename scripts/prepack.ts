/** Makes dist/ for the package: JavaScript and declarations of what is run, and every other file beside it. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const PACKED_ROOMS = ['workloads', 'platform', 'baselines', 'harness'];

await rm(dist, { recursive: true, force: true });
const { status } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
if (status !== 0) throw new Error(`prepack: expected the sources to compile, got exit code ${status}`);

const isPacked = (path: string): boolean => !path.endsWith('.ts') && !/[\\/](testing|fixtures)([\\/]|$)/.test(path);
for (const room of PACKED_ROOMS.filter((name) => existsSync(join(root, name)))) {
  await cp(join(root, room), join(dist, room), { recursive: true, filter: isPacked });
}

// Code looks for its version one folder above its room, here as in the repository.
const { name, version, type } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
await writeFile(join(dist, 'package.json'), `${JSON.stringify({ name, version, type })}\n`);
