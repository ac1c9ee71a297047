import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Launches a script with this text, named by its path from the root. */
async function launch(t: ExecutionContext, source: string, ...args: string[]): Promise<ChildProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'launch-'));
  await writeFile(join(folder, 'script.ts'), source);
  const script = relative(root, join(folder, 'script.ts'));
  const child = spawn(process.execPath, ['bin/launch.js', script, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  t.teardown(async () => {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true });
  });
  return child;
}

test('A script gets its arguments, and its exit code is passed on', async (t) => {
  const child = await launch(t, 'const n: number = 7; console.log(process.argv.slice(2).join()); process.exit(n);', 'a', 'b c');
  const [output, [code]] = await Promise.all([text(child.stdout!), once(child, 'exit')]);
  t.is(output, 'a,b c\n');
  t.is(code, 7);
});

test('A script runs with the pinned Node', async (t) => {
  const { optionalDependencies } = createRequire(import.meta.url)('../package.json') as { optionalDependencies: Record<string, string> };
  const versions = Object.values(optionalDependencies).map((version) => `v${version}\n`);
  const child = await launch(t, 'console.log(process.version);');
  const version = await text(child.stdout!);
  t.true(versions.includes(version), version);
});

test('A signal to the launcher reaches the script, which decides how to end', async (t) => {
  const child = await launch(t, "process.on('SIGTERM', () => process.exit(9)); setInterval(() => {}, 1e6); console.log('ready');");
  await once(child.stdout!, 'data');
  child.kill('SIGTERM');
  t.deepEqual(await once(child, 'exit'), [9, null]);
});

test('A script that ends by a signal ends the launcher by the same', async (t) => {
  const child = await launch(t, "process.kill(process.pid, 'SIGKILL');");
  t.deepEqual(await once(child, 'exit'), [null, 'SIGKILL']);
});
