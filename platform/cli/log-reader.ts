/** The logs of a local cluster: read from their ends, put in order, followed. */
import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { LogLevel } from '../log/log.ts';

/** What is looked at of a log that is already there. */
const TAIL_BYTES = 4 * 2 ** 20;

/** One line of a log. What is no record, such as the last words of a runtime that crashed, has `msg` alone. */
export interface LogLine {
  /** The process, by the name of its log. */
  readonly process: string;
  readonly time?: string;
  readonly level?: LogLevel;
  readonly msg: string;
  readonly facts: Readonly<Record<string, unknown>>;
  /** As it stands in the log. */
  readonly text: string;
}

/** Reads what has been added to a log since it was last asked. */
export class LogReader {
  readonly #path: string;
  readonly #process: string;
  /** Where the first line begins that was not read yet. */
  #at: number | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#process = basename(path, '.log');
  }

  /** Whole lines only; the first time those of the last few megabytes. */
  read(): LogLine[] {
    const file = openSync(this.#path, 'r');
    try {
      const { size } = fstatSync(file);
      const isCut = this.#at === undefined && size > TAIL_BYTES;
      // Shorter than before: a new cluster has begun it anew.
      if (this.#at === undefined || size < this.#at) this.#at = isCut ? size - TAIL_BYTES : 0;
      const bytes = readBytes(file, this.#at, size - this.#at);
      const end = bytes.lastIndexOf('\n') + 1;
      this.#at += end;
      const lines = bytes.toString('utf8', isCut ? bytes.indexOf('\n') + 1 : 0, end).split('\n');
      return lines.filter((line) => line !== '').map((line) => parseLine(this.#process, line));
    } finally {
      closeSync(file);
    }
  }
}

/** Fewer than asked for where the file has become shorter meanwhile. */
function readBytes(file: number, at: number, count: number): Buffer {
  const bytes = Buffer.allocUnsafe(count);
  return bytes.subarray(0, readSync(file, bytes, 0, count, at));
}

/** The logs that a folder holds, by process. Throws as `readdir` does. */
export function logsIn(folder: string): Map<string, LogReader> {
  const names = readdirSync(folder).filter((name) => name.endsWith('.log'));
  return new Map(names.map((name) => [basename(name, '.log'), new LogReader(join(folder, name))]));
}

/** Lines in the order of their times; those without one stay behind the line that they followed. */
export function inOrder(logs: readonly (readonly LogLine[])[]): LogLine[] {
  const timed = logs.flatMap((lines) => {
    let time = '';
    return lines.map((line) => {
      time = line.time ?? time;
      return { line, time };
    });
  });
  return timed.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0)).map(({ line }) => line);
}

function parseLine(process: string, text: string): LogLine {
  try {
    const { time, level, msg, pid: _, ...facts } = JSON.parse(text);
    if (typeof msg === 'string') return { process, time, level, msg, facts, text };
  } catch {
    // No record.
  }
  return { process, msg: text, facts: {}, text };
}
