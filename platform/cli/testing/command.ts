/** The command `pheromone` in a process of its own, for tests. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../main.ts', import.meta.url));
export const GREET = fileURLToPath(new URL('./greet.toml', import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
  /** Waits until this has been printed, on stdout or stderr; returns the match. Rejects if the command ends before. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
}

/** Starts a command; `env` is added to this process's, without what that says of Pheromone. */
export function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PHEROMONE_')));
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['pipe', 'pipe', 'pipe'], env: { ...own, ...env } });
  const chunks: Buffer[] = [];
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout: Buffer.concat(chunks), stderr }));
  const hasEnded = ended.then(() => true);
  const said = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const match = pattern.exec(`${Buffer.concat(chunks)}${stderr}`);
      if (match !== null) return match;
      const news = [once(child.stdout, 'data'), once(child.stderr, 'data')];
      if ((await Promise.race([...news, hasEnded])) === true && !pattern.test(`${Buffer.concat(chunks)}${stderr}`)) {
        throw new Error(`expected ${pattern}, the command ended with: ${Buffer.concat(chunks)}${stderr}`);
      }
    }
  };
  return { child, ended, said };
}

/** Runs a command to its end. */
export function run(args: readonly string[], input: string | Uint8Array = '', env?: NodeJS.ProcessEnv): Promise<Ran> {
  const { child, ended } = start(args, env);
  child.stdin?.on('error', () => {}); // it has ended without reading all
  child.stdin?.end(input);
  return ended;
}
