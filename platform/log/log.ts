/**
 * Structured logs of every process and thread: one JSON object a line, to stderr or to a file.
 *
 * Never write inputs, outputs or secrets. How much is written, and where, stands in the environment, so that child
 * processes and threads have it from whoever started them. The writer is loaded with the first record: an executor
 * thread that has nothing to say must not pay for it.
 */
import { createRequire } from 'node:module';
import type { Logger, pino as Pino } from 'pino';

/** From the most important to the least; `silent`: nothing at all. */
export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
type RecordLevel = Exclude<LogLevel, 'silent'>;

/** Of the command line. */
export const LOG_DEFAULTS: { readonly level: LogLevel } = { level: 'info' };
/** Of a process that nobody has told: a program that starts roles by itself must not have its own output drowned. */
const UNTOLD: LogLevel = 'warn';
const LEVEL_VARIABLE = 'PHEROMONE_LOG_LEVEL';
const FILE_VARIABLE = 'PHEROMONE_LOG_FILE';

/** What a record says besides its message. An error goes under `err`. */
export type Facts = Readonly<Record<string, unknown>>;

/** Writes records that all bear the same facts, such as `role` and `node`. */
export type Log = Readonly<Record<RecordLevel, (message: string, facts?: Facts) => void>> & {
  /** A log whose records bear further facts. */
  child(facts: Facts): Log;
};

/** Says how much this process, its threads and its child processes write, and where to; to be called before the first record. */
export function configureLog({ level, file }: { readonly level?: LogLevel | undefined; readonly file?: string | undefined }): void {
  if (level !== undefined) process.env[LEVEL_VARIABLE] = level;
  if (file !== undefined) process.env[FILE_VARIABLE] = file;
  threshold = undefined;
}

let root: Logger | undefined;
/** Position in {@link LOG_LEVELS} of the last level that is written. */
let threshold: number | undefined;

export function openLog(facts: Facts): Log {
  let logger: Logger | undefined;
  const writer =
    (level: RecordLevel) =>
    (message: string, more: Facts = {}): void => {
      threshold ??= LOG_LEVELS.indexOf(chosenLevel());
      if (LOG_LEVELS.indexOf(level) > threshold) return;
      root ??= openRoot();
      logger ??= root.child(facts);
      logger[level](more, message);
    };
  return {
    ...{ error: writer('error'), warn: writer('warn'), info: writer('info'), debug: writer('debug') },
    child: (more) => openLog({ ...facts, ...more }),
  };
}

/** Whoever sets the variable by hand and gets it wrong is told by the command line; a library goes on. */
function chosenLevel(): LogLevel {
  const chosen = process.env[LEVEL_VARIABLE];
  return LOG_LEVELS.find((level) => level === chosen) ?? UNTOLD;
}

function openRoot(): Logger {
  const { pino } = createRequire(import.meta.url)('pino') as { readonly pino: typeof Pino };
  // Written before the call returns: a thread that parks, or is ended, has said what it had to say.
  const destination = pino.destination({ dest: process.env[FILE_VARIABLE] ?? 2, sync: true });
  // Whoever reads the log has gone away: no reason to end.
  destination.on('error', () => {});
  const formatters = { level: (label: string) => ({ level: label }) };
  return pino({ level: 'debug', base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime, formatters }, destination);
}
