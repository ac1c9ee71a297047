/** The temporary folder of a run. What a killed run has left is removed by a later one. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { isAlive } from './processes.ts';

const PREFIX = 'pherobench-';
const OWNER_FILE = 'owner.json';

/** Which process a folder belongs to. Process ids mean something only where they were given. */
const ownerSchema = z.strictObject({ pid: z.int(), startedAt: z.string(), where: z.string() });
type Owner = z.infer<typeof ownerSchema>;

/** A folder for one run, in which every platform gets one of its own. */
export class Scratch {
  readonly dir: string;

  /** Makes the folder in `parent`, and removes those whose run is dead. */
  constructor(parent = tmpdir()) {
    removeAbandoned(parent);
    this.dir = mkdtempSync(join(parent, PREFIX));
    const owner: Owner = { pid: process.pid, startedAt: startOf(process.pid), where: here() };
    writeFileSync(join(this.dir, OWNER_FILE), JSON.stringify(owner));
  }

  /** A new folder; `name` is part of its name. */
  folder(name: string): string {
    mkdirSync(this.dir, { recursive: true });
    return mkdtempSync(join(this.dir, `${name}-`));
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 3 });
  }
}

function removeAbandoned(parent: string): void {
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(PREFIX)) continue;
    const dir = join(parent, name);
    const owner = ownerOf(dir);
    // Without an owner it may be one that is just being made; one from elsewhere cannot be judged here.
    if (owner === undefined || owner.where !== here()) continue;
    const isOwned = isAlive(owner.pid) && startOf(owner.pid) === owner.startedAt;
    if (!isOwned) rmSync(dir, { recursive: true, force: true });
  }
}

function ownerOf(dir: string): Owner | undefined {
  try {
    return ownerSchema.parse(JSON.parse(readFileSync(join(dir, OWNER_FILE), 'utf8')));
  } catch {
    return undefined;
  }
}

/** When process `pid` started, in ticks of the kernel; `''` where that cannot be known. Tells a process from a later one with its id. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The 22nd field; the second, the command's name, may itself hold blanks and parentheses.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

/** Containers share folders more readily than process ids. */
function here(): string {
  try {
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}
