import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { EXIT } from './exit-codes.ts';
import { run, start } from './testing/command.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'bundle-'));
test.after.always(() => rmSync(root, { recursive: true }));

/** What the README has one type at a shell to have code run from a bundle. */
function example(): string {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  return /```sh\n(mkdir code\n.*?)```/s.exec(readme)?.[1] ?? 'false';
}

test('what the README shows works as written, against a cluster that pheromone up has started', async (t) => {
  const [state, cache] = [join(root, 'state'), join(root, 'cache')];
  const up = start(['up', '--state', state, '--workers', '2', '--executors', '1', '--arena-bytes', String(2 ** 28)], {
    XDG_CACHE_HOME: cache,
  });
  t.teardown(async () => {
    up.child.kill('SIGKILL');
    await up.ended;
  });
  await up.said(/a cluster is up/);
  const npx = `npx() { shift; '${process.execPath}' '${MAIN}' "$@" --state '${state}'; }\nset -e\n`;
  const shell = spawn('sh', ['-c', npx + example()], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err] = await Promise.all([text(shell.stdout), text(shell.stderr)]);
  t.is(out, 'hello world', err);
  t.is(readdirSync(join(cache, 'pheromone', 'bundles')).length, 1);
});

test('a folder that is none, or holds a link, is told in one line before anything is asked', async (t) => {
  const linked = mkdtempSync(join(root, 'linked-'));
  symlinkSync('/etc/passwd', join(linked, 'secret.mjs'));
  const cases = [
    [join(root, 'none'), /^pheromone: \S+none: expected a folder of code, got ENOENT\n$/],
    [MAIN, /^pheromone: \S+main\.ts: expected a folder of code, got ENOTDIR\n$/],
    [linked, /^pheromone: INVALID_ARGUMENT: \S+secret\.mjs: expected a file or a folder, got a symbolic link\n$/],
  ] as const;
  const results = await Promise.all(cases.map(([folder]) => run(['bundle', folder, '--state', join(root, 'unused')])));
  for (const [index, [folder, line]] of cases.entries()) {
    t.is(results[index]?.code, EXIT.badInput, folder);
    t.regex(results[index]?.stderr ?? '', line);
  }
});
