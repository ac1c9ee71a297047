/** Packs the package, installs the tarball into an empty folder and runs it there, as a stranger would. */
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const SMALL_RUN = ['run', 'overview', '--platform', 'null,pheromone', '--profile', 'quick', '--rounds', '2', '--report'];

/** The environment without what `npm run` put into it, so that the machine's own Node starts the packed commands. */
const env = Object.fromEntries(
  Object.entries({
    ...process.env,
    PATH: process.env.PATH?.split(delimiter)
      .filter((folder) => !folder.includes('node_modules'))
      .join(delimiter),
  }).filter(([name]) => !name.startsWith('npm_')),
);

/** Runs a command to its end and returns what it printed; throws with that if it fails. */
function run(command: string, args: readonly string[], cwd: string): string {
  const { status, signal, stdout, stderr, error } = spawnSync(command, args, { cwd, env, encoding: 'utf8', timeout: 300_000 });
  if (status === 0) return stdout;
  throw new Error(
    `pack-check: expected ${command} ${args.join(' ')} to succeed, got ${error ?? signal ?? `exit code ${status}`}\n${stdout}${stderr}`,
  );
}

const folder = await mkdtemp(join(tmpdir(), 'pack-check-'));
try {
  run('npm', ['pack', '--pack-destination', folder], root);
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error(`pack-check: expected a .tgz file from npm pack in ${folder}, got none`);
  const project = join(folder, 'project');
  await mkdir(project);
  await writeFile(join(project, 'package.json'), '{"private":true}\n');
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', join('..', tarball)], project);

  const list = run('npx', ['--no-install', 'pherobench', 'list'], project);
  for (const name of ['pheromone', 'word-count', 'overview']) {
    if (!list.includes(name)) throw new Error(`pack-check: expected "${name}" in what pherobench list prints, got\n${list}`);
  }
  console.log(run('npx', ['--no-install', 'pherobench', ...SMALL_RUN], project));
  run('npx', ['--no-install', 'pherobench', 'new', 'workload', 'turn-twice'], project);
  run('npx', ['--no-install', 'pherobench', 'new', 'platform', 'my-own'], project);
  run('npx', ['--no-install', 'node', '--test', 'workloads/*/*.test.ts', 'platforms/*/*.test.ts'], project);
  const types = ['node_modules/typescript/bin/tsc', '-p', project, '--typeRoots', join(root, 'node_modules/@types')];
  run(process.execPath, types, root);
  const platforms = ['--platform', 'pheromone,http,my-own'];
  run('npx', ['--no-install', 'pherobench', 'run', 'turn-twice', ...platforms, '--rounds', '2', '--json', 'summary.json'], project);
  const { name: packed, exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const modules = Object.keys(exports).filter((path) => !path.endsWith('.json'));
  const imports = modules.map((path) => `import '${path.replace('.', packed)}';`).join('\n');
  run(process.execPath, ['--input-type=module', '--eval', imports], project);
  console.log(`ok     the packed package installs and runs, started by Node ${run('node', ['--version'], project).trim()}`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
