/** `pheromone logs`: what the processes of a local cluster have written. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError } from '../config/config-error.ts';
import type { SharedSettings } from '../config/sections.ts';
import { inOrder, type LogLine, type LogReader, logsIn } from './log-reader.ts';
import { StateFolder } from './state-folder.ts';
import { interrupted, print } from './terminal.ts';

/** How often a log that is followed is looked at. */
const FOLLOW_MS = 200;

export interface LogsFlags {
  readonly follow?: boolean;
  /** At first. */
  readonly lines: number;
  readonly role?: string;
  readonly process?: string;
  readonly session?: string;
  readonly json?: boolean;
}

/** Prints the last lines, and with `follow` those that come, until it is interrupted. */
export async function logsCommand({ state }: Pick<SharedSettings, 'state'>, flags: LogsFlags): Promise<void> {
  const folder = new StateFolder(state).logFolder;
  const readers = openLogs(folder);
  const show = (lines: readonly LogLine[]): void => {
    for (const line of lines) print(flags.json === true ? line.text : rendered(line));
  };
  const read = (): LogLine[] => inOrder([...readers.values()].map((reader) => reader.read())).filter((line) => isWanted(line, flags));
  show(read().slice(-flags.lines));
  if (flags.follow !== true) return;
  const stop = new AbortController();
  void interrupted(() => {}).then(() => stop.abort());
  while (!stop.signal.aborted) {
    await sleep(FOLLOW_MS, undefined, { signal: stop.signal }).catch(() => {});
    for (const [name, reader] of openLogs(folder)) if (!readers.has(name)) readers.set(name, reader);
    show(read());
  }
}

function openLogs(folder: string): Map<string, LogReader> {
  try {
    return logsIn(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError(`${folder}: expected the logs of a cluster that pheromone up has run, got ${code}`, { cause: error });
  }
}

function isWanted({ process, facts }: LogLine, { role, process: name, session }: LogsFlags): boolean {
  return (
    (role === undefined || facts.role === role || process.replace(/-\d+$/, '') === role) &&
    (name === undefined || process === name || facts.node === name) &&
    (session === undefined || String(facts.session) === session)
  );
}

function rendered({ process, time = '', level, msg, facts }: LogLine): string {
  const { role: _role, node: _node, err, ...rest } = facts;
  const more = Object.entries(rest).map(([name, value]) => ` ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const stack = (err as { stack?: string } | undefined)?.stack;
  const clock = time.slice(11, 23).padEnd(12);
  return `${clock} ${process.padEnd(14)} ${(level ?? '').padEnd(5)} ${msg}${more.join('')}${stack === undefined ? '' : `\n${stack}`}`;
}
