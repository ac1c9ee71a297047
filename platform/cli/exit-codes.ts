/** What the exit code of `pheromone` says. */
import { CommanderError } from 'commander';
import { ConfigError } from '../config/config-error.ts';
import { type ErrorCode, PheromoneError } from '../core/errors.ts';

export const EXIT = { fine: 0, failure: 1, functionFailed: 2, badInput: 5, interrupted: 130 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** For `--help`. */
export const EXIT_HELP = `Exit codes:
  0    fine
  1    anything that has no code of its own, such as a cluster that cannot be reached
  2    the function that was called failed, or sent no output
  5    bad input, told in one line
  130  a call was interrupted, and cancelled`;

const OF_FUNCTIONS: ReadonlySet<ErrorCode> = new Set([
  'FUNCTION_FAILED',
  'FUNCTION_TIMED_OUT',
  'TRIGGER_FAILED',
  'NO_OUTPUT',
  'EXECUTOR_DIED',
]);
const OF_INPUT: ReadonlySet<ErrorCode> = new Set([
  'INVALID_APP',
  'INVALID_ARGUMENT',
  'UNKNOWN_APP',
  'UNKNOWN_FUNCTION',
  'FUNCTION_LOAD_FAILED',
]);

/** The exit code that an error deserves. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.fine : EXIT.badInput;
  if (error instanceof ConfigError || error instanceof RangeError) return EXIT.badInput;
  if (!(error instanceof PheromoneError)) return EXIT.failure;
  if (OF_FUNCTIONS.has(error.code)) return EXIT.functionFailed;
  if (OF_INPUT.has(error.code)) return EXIT.badInput;
  return EXIT.failure;
}

/** One line for the user. */
export function lineOf(error: unknown): string {
  // Its text is the help, which has been printed.
  if (error instanceof CommanderError && error.code === 'commander.help') return 'pheromone: expected a command, got none';
  const text = error instanceof Error ? error.message : String(error);
  const code = error instanceof PheromoneError ? `${error.code}: ` : '';
  return `pheromone: ${code}${text
    .replace(/^error: /, '')
    .replaceAll('\n', ' ')
    .trim()}`;
}
