/** What the exit code of `pherobench` says. */
import type { Run } from '../records.ts';

export const EXIT = {
  fine: 0,
  internalError: 1,
  incomplete: 2,
  wrongOutput: 3,
  badInput: 5,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** For `--help`. */
export const EXIT_HELP = `Exit codes:
  0    everything ran, and every output was right
  1    an error of the harness itself, or a failed calibration
  2    a platform was absent or cannot run here, or a trial failed
  3    an output was wrong, or a platform has not what it declares
  5    bad input, told in one line: nothing was run
  130  interrupted; what was measured until then is kept`;

/** The exit code that a run deserves; a wrong output weighs more than a missing one. */
export function exitCodeOf({ manifest, records }: Run): ExitCode {
  if (manifest.state === 'interrupted') return EXIT.interrupted;
  const outcomes = records.filter((record) => record.kind === 'trial').map(({ outcome }) => outcome.kind);
  if (outcomes.includes('wrong')) return EXIT.wrongOutput;
  return outcomes.includes('failed') || records.some(({ kind }) => kind === 'absent') ? EXIT.incomplete : EXIT.fine;
}
