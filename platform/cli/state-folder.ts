/** Where `pheromone up` leaves word of its cluster, for the other commands of the same user. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../config/config-error.ts';
import type { Address } from '../config/setting.ts';

export interface ClusterRecord {
  /** The process of `pheromone up`. */
  readonly pid: number;
  readonly manager: Address;
}

export class StateFolder {
  readonly path: string;

  /** Left out: the user's own. */
  constructor(path: string | undefined) {
    this.path = path ?? join(process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'pheromone');
  }

  /** Holds a log for each process of the cluster. */
  get logFolder(): string {
    return join(this.path, 'logs');
  }

  /** Holds the cluster's durable store. */
  get storeFolder(): string {
    return join(this.path, 'store');
  }

  get #file(): string {
    return join(this.path, 'cluster.json');
  }

  /** The cluster that runs, if one does. */
  read(): ClusterRecord | undefined {
    const record = readRecord(this.#file);
    return record !== undefined && isRunning(record.pid) ? record : undefined;
  }

  /** Makes the folder ready for a cluster of this process. Throws a {@link ConfigError} if it has one that runs, or cannot be written to. */
  claim(): void {
    const running = this.read();
    if (running !== undefined) {
      throw new ConfigError(`${this.path}: expected no cluster there, found that of process ${running.pid}; --state names another folder`);
    }
    try {
      rmSync(this.logFolder, { recursive: true, force: true });
      mkdirSync(this.logFolder, { recursive: true, mode: 0o700 });
      rmSync(this.#file, { force: true });
    } catch (error) {
      throw new ConfigError(`${this.path}: expected a folder that can be written to, got ${(error as NodeJS.ErrnoException).code}`, {
        cause: error,
      });
    }
  }

  /** Says where the cluster is; whoever reads at the same time finds all of it or nothing. */
  write(record: ClusterRecord): void {
    const next = `${this.#file}.${process.pid}`;
    writeFileSync(next, `${JSON.stringify(record)}\n`, { mode: 0o600 });
    renameSync(next, this.#file);
  }

  /** Says that there is no cluster any more. Its logs stay. */
  release(): void {
    rmSync(this.#file, { force: true });
  }
}

function readRecord(file: string): ClusterRecord | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ClusterRecord;
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
