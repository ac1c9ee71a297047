/** What a program leaves on a machine: processes, listening ports, files. Seen through /proc, where there is one. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** TCP_LISTEN, as /proc/net/tcp writes it. */
const LISTENING = '0A';
const LOOK_MS = 20;

/** Whether process `pid` runs. One that has ended and was not yet waited for does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = textOf(`/proc/${pid}/stat`);
  // The state follows the command's name, which may itself hold parentheses.
  return stat === undefined ? !existsSync('/proc/self/stat') : stat[stat.lastIndexOf(')') + 2] !== 'Z';
}

/** Those of `pids` that still run after up to `withinMs`. */
export async function remaining(pids: Iterable<number>, withinMs: number): Promise<readonly number[]> {
  let left = [...pids].filter(isAlive);
  for (let waitedMs = 0; waitedMs < withinMs && left.length > 0; waitedMs += LOOK_MS) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    left = left.filter(isAlive);
  }
  return left;
}

/** Ends those of `pids` that still run. */
export function killAll(pids: Iterable<number>): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}

/** Processes that were started with `mark` (`NAME=value`) in their environment, or by one that was; none without a /proc. */
export function markedProcesses(mark: string): readonly number[] {
  if (!existsSync('/proc/self/environ')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && textOf(`/proc/${name}/environ`)?.split('\0').includes(mark))
    .map(Number)
    .filter(isAlive);
}

/** TCP ports on which process `pid` listens; none without a /proc. */
export function listeningPorts(pid: number): readonly number[] {
  const folder = `/proc/${pid}/fd`;
  const files = existsSync(folder) ? readdirSync(folder).map((name) => linkOf(join(folder, name))) : [];
  const tables = ['tcp', 'tcp6'].flatMap((name) => (textOf(`/proc/${pid}/net/${name}`) ?? '').split('\n').slice(1));
  return tables.flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const [local = '', state, inode] = [fields[1], fields[3], fields[9]];
    return state === LISTENING && files.includes(`socket:[${inode}]`) ? [Number.parseInt(local.split(':')[1]!, 16)] : [];
  });
}

/** Everything below `folder`. */
export function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function linkOf(file: string): string | undefined {
  try {
    return readlinkSync(file);
  } catch {
    return undefined;
  }
}
