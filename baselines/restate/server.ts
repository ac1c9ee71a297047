/** The Restate server: found, configured, started and ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Ports } from './host-messages.ts';

const require = createRequire(import.meta.url);
const START_MS = 30_000;
const LOOK_MS = 10;

/** The server's executable, from the package for this system. Throws if there is none. */
export function executable(): string {
  const server = createRequire(require.resolve('@restatedev/restate-server/package.json'));
  return server.resolve(`@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`);
}

/** Version of an installed package of Restate's. Throws if it is not installed. */
export function versionOf(name: 'restate-server' | 'restate-sdk'): string {
  return (require(`@restatedev/${name}/package.json`) as { readonly version: string }).version;
}

/**
 * Restate's defaults but for what follows: no telemetry, loopback only, free ports; a log that can be read for the
 * ports. With several processes that serve functions, a connection holds one invocation, so that whoever deals out
 * connections deals out invocations ("works poorly with L4 load balancers" says the option's documentation of more).
 */
function configuration(folder: string, processes: number): string {
  return `disable-telemetry = true
base-dir = ${JSON.stringify(folder)}
node-name = "restate"
listen-mode = "tcp"
bind-ip = "127.0.0.1"
advertised-host = "127.0.0.1"
use-random-ports = true
log-format = "json"
log-filter = "warn,restate_core=info,restate_ingress_http=info"
${processes > 1 ? '[worker.invoker]\nhttp2-streams-per-connection-limit = 1\n' : ''}[admin]
disable-web-ui = true
`;
}

/** A started server. */
export interface Server {
  readonly process: ChildProcess;
  readonly ports: Pick<Ports, 'ingress' | 'admin'>;
}

/** Starts a server whose data, configuration and log lie in `folder`, and nothing else. Rejects if it does not come up. */
export async function startServer(folder: string, processes: number): Promise<Server> {
  // Runs of an earlier start would be taken for those of this one.
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'restate.toml');
  await writeFile(file, configuration(folder, processes));
  const child = spawn(executable(), ['--config-file', file, '--no-logo'], {
    cwd: folder,
    env: { ...withoutProxies(), TMPDIR: folder },
    // A process group of its own: Ctrl-C at a terminal does not reach it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  try {
    const ports = await portsOf(child, join(folder, 'restate.log'));
    for (const path of [`${ports.ingress}/restate/health`, `${ports.admin}/health`]) await healthy(`http://127.0.0.1:${path}`);
    return { process: child, ports };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

/** The environment, without what would send calls of functions elsewhere. */
function withoutProxies(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(HTTPS?_PROXY|RESTATE_.*|RUST_LOG)$/i.test(name)));
}

/** The log tells where a server listens, in one line each. */
const LISTENS = /"server\.port":(\d+),"server_name":"([\w-]+)"/;

async function portsOf(child: ChildProcess, logFile: string): Promise<Server['ports']> {
  const log = createWriteStream(logFile);
  child.stderr!.pipe(log, { end: false });
  const lines = createInterface(child.stdout!);
  const found = new Map<string, number>();
  const listening = new Promise<Server['ports']>((resolve) => {
    lines.on('line', (line) => {
      log.write(`${line}\n`);
      const [, port, name] = LISTENS.exec(line) ?? [];
      if (name !== undefined) found.set(name, Number(port));
      const [ingress, admin] = [found.get('http-ingress-server'), found.get('admin-api-server')];
      if (ingress !== undefined && admin !== undefined) resolve({ ingress, admin });
    });
  });
  child.once('close', () => log.end());
  const exited = once(child, 'exit', { signal: AbortSignal.timeout(START_MS) }).then(
    ([code, signal]) => {
      throw new Error(`expected the Restate server to start, it ended with ${code ?? signal}; its log is ${logFile}`);
    },
    () => {
      throw new Error(`expected the Restate server to start within ${START_MS} ms; its log is ${logFile}`);
    },
  );
  exited.catch(() => {});
  return Promise.race([listening, exited]);
}

async function healthy(url: string): Promise<void> {
  const lastMs = Date.now() + START_MS;
  for (;;) {
    const status = await fetch(url).then(
      async (response) => {
        await response.arrayBuffer();
        return response.status;
      },
      () => 0,
    );
    if (status === 200) return;
    if (Date.now() > lastMs) throw new Error(`${url}: expected status 200 within ${START_MS} ms, got ${status}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
