/** `pherobench calibrate`: many small runs, each of which must find the delay that was injected. */
import { join } from 'node:path';
import { BIAS_LIMIT_NS, type CalibrationVerdict, checkBias, checkCalibration } from '../calibration.ts';
import { formatTime } from '../charts/units.ts';
import type { Progress } from '../run/progress.ts';
import { BUILT_IN } from '../setting.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.ts';
import { absencesOf } from './results-table.ts';
import { newRunDir, planNamed, runToEnd } from './run-command.ts';

const RUNS = 20;
/** A 95 % interval misses now and then: fewer than this many of 20 have a chance of 1 in 60 if it does what it says. */
const MUST_HOLD = 17;
const ROUNDS = 40;
const IDLE_MS = 1;

const SILENT: Progress = { note: () => {}, update: () => {}, end: () => {} };

/** Writes one line a run and a verdict to `print`. Stops at a run that is not whole. `seed` is that of the first run. */
export async function calibrate(seed: number, commandLine: readonly string[], print: (line: string) => void): Promise<ExitCode> {
  const dir = newRunDir('calibrate', new Date());
  const verdicts: CalibrationVerdict[] = [];
  for (let index = 0; index < RUNS; index++) {
    const plan = planNamed(BUILT_IN, 'calibration', { profile: 'quick', rounds: ROUNDS, seed: seed + index });
    const runDir = join(dir, `run-${String(index + 1).padStart(2, '0')}`);
    const run = await runToEnd({ plan, setting: BUILT_IN, dir: runDir, commandLine, progress: SILENT, idleMs: IDLE_MS });
    const code = exitCodeOf(run);
    if (code !== EXIT.fine) {
      for (const line of absencesOf(run)) print(line);
      print(`run ${index + 1} of ${RUNS} is not whole: see ${runDir}`);
      return code;
    }
    const verdict = checkCalibration(run);
    verdicts.push(verdict);
    const { found, injectedNs, holds } = verdict;
    print(
      `run ${index + 1} of ${RUNS}: injected ${formatTime(injectedNs)}, found ${formatTime(found.value)} ` +
        `[${formatTime(found.low)}, ${formatTime(found.high)}]: ${holds ? 'held' : 'missed'}`,
    );
  }
  const held = verdicts.filter(({ holds }) => holds).length;
  const { bias, holds } = checkBias(verdicts);
  print(`The 95 % interval held the delay really injected in ${held} of ${RUNS} runs (expected: at least ${MUST_HOLD}). Samples: ${dir}`);
  print(
    `Over all runs ${formatTime(bias.value)} [${formatTime(bias.low)}, ${formatTime(bias.high)}] too much was found ` +
      `(expected: within ${formatTime(BIAS_LIMIT_NS)} of none).`,
  );
  return held >= MUST_HOLD && holds ? EXIT.fine : EXIT.internalError;
}
