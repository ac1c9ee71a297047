/** The command line of `pherobench`. */
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { WORKLOADS } from '../../workloads/catalogue.ts';
import { EXPERIMENTS } from '../experiments.ts';
import { InputError } from '../input-error.ts';
import { newestRun, readRun } from '../read-run.ts';
import { PLATFORMS } from '../registry.ts';
import { calibrate } from './calibrate-command.ts';
import { EXIT, EXIT_HELP, type ExitCode, exitCodeOf } from './exit-codes.ts';
import { listing } from './list.ts';
import { absencesOf, resultsTable } from './results-table.ts';
import { newRunDir, planNamed, RESULTS_DIR, runToEnd } from './run-command.ts';
import { progressOn } from './terminal-progress.ts';

const print = (text: string): void => void process.stdout.write(`${text}\n`);

interface RunFlags {
  readonly platform?: readonly string[];
  readonly profile?: string;
  readonly param: readonly string[];
  readonly rounds?: number;
  readonly seed?: number;
  readonly out?: string;
  readonly report?: boolean;
}

function wholeNumber(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError(`expected a whole number, got '${text}'`);
  return value;
}

const list = (text: string): string[] => text.split(',').map((part) => part.trim());

async function report(runDir: string): Promise<void> {
  const { writeReport } = await import('../report/report.ts');
  const { html, figures } = await writeReport(runDir);
  print(`Report: ${html} (and ${figures.length} figure files)`);
}

async function run(name: string, flags: RunFlags, commandLine: readonly string[]): Promise<ExitCode> {
  const { platform, profile, param, rounds, seed } = flags;
  const plan = planNamed(name, {
    parameters: param,
    ...(platform && { platforms: platform }),
    ...(profile !== undefined && { profile }),
    ...(rounds !== undefined && { rounds }),
    ...(seed !== undefined && { seed }),
  });
  const dir = flags.out ?? newRunDir(name, new Date());
  const result = await runToEnd({ plan, dir, commandLine, progress: progressOn(process.stderr) });
  print(resultsTable(result));
  for (const line of absencesOf(result)) print(line);
  print(`Run: ${dir} (${result.manifest.state})`);
  if (flags.report) await report(dir);
  return exitCodeOf(result);
}

/** Says that a run is not whole, so that nobody takes it for one. */
function warnOfPartialRun(dir: string): void {
  const { manifest, truncated } = readRun(dir);
  if (truncated) process.stderr.write(`${dir}: the last record was cut in half and is left out\n`);
  if (manifest.state !== 'complete') process.stderr.write(`${dir}: a partial run (${manifest.state})\n`);
}

function buildProgram(commandLine: readonly string[], exit: (code: ExitCode) => void): Command {
  const program = new Command('pherobench')
    .description('Compares platforms for serverless function orchestration on real work.')
    .addHelpText('after', `\n${EXIT_HELP}`)
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  program
    .command('list')
    .description('platforms, workloads and experiments')
    .action(async () => print(await listing(PLATFORMS, WORKLOADS, EXPERIMENTS)));
  program
    .command('run')
    .description('runs an experiment and prints its results')
    .argument('<experiment>', 'see pherobench list')
    .option('--platform <names>', 'only these, separated by commas', list)
    .option('--profile <name>', 'quick, standard or paper (default: quick)')
    .option(
      '--param <name=value>',
      'fixes a parameter; several values with commas; may be repeated',
      (text, all: string[]) => [...all, text],
      [],
    )
    .option('--rounds <count>', "instead of the profile's", wholeNumber)
    .option('--seed <number>', 'of inputs and of the order of trials (default: 1)', wholeNumber)
    .option('--out <dir>', `folder for this run (default: ${RESULTS_DIR}/TIME-EXPERIMENT)`)
    .option('--report', 'write the report as well')
    .addHelpText('after', `\n${EXIT_HELP}`)
    .action(async (name: string, flags: RunFlags) => exit(await run(name, flags, commandLine)));
  program
    .command('report')
    .description('writes the report of a run')
    .argument('[dir]', 'folder of a run (default: the newest)')
    .action(async (dir: string | undefined) => {
      const runDir = dir ?? newestRun(RESULTS_DIR);
      warnOfPartialRun(runDir);
      await report(runDir);
    });
  program
    .command('calibrate')
    .description('checks in 20 small runs that the harness finds a delay of known length')
    .option('--seed <number>', 'of the first run', wholeNumber, 1)
    .action(async ({ seed }: { seed: number }) => exit(await calibrate(seed, commandLine, print)));
  return program;
}

/** The exit code for an error, after it has been told in one line (an internal one with its stack). */
function explain(error: unknown): ExitCode {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.fine;
    // Without a command the help has been printed already.
    if (error.code !== 'commander.help')
      process.stderr.write(`pherobench: ${error.message.replace(/^error: /, '').replaceAll('\n', ' ')}\n`);
    return EXIT.badInput;
  }
  if (error instanceof InputError) {
    process.stderr.write(`pherobench: ${error.message}\n`);
    return EXIT.badInput;
  }
  process.stderr.write(`pherobench: internal error: ${error instanceof Error ? error.stack : String(error)}\n`);
  return EXIT.internalError;
}

/** Runs a command line (without the program's name) and returns its exit code. Never rejects. */
export async function runCommandLine(args: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = EXIT.fine;
  const program = buildProgram(['pherobench', ...args], (exitCode) => {
    code = exitCode;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    return explain(error);
  }
}
