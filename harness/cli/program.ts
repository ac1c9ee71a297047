/** The command line of `pherobench`. */
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { loadSetting } from '../config/load.ts';
import { InputError } from '../input-error.ts';
import { newestRun } from '../read-run.ts';
import { BUILT_IN, type Setting } from '../setting.ts';
import { calibrate } from './calibrate-command.ts';
import { doctor } from './doctor-command.ts';
import { EXIT, EXIT_HELP, type ExitCode } from './exit-codes.ts';
import { addExpressivenessCommand } from './expressiveness-command.ts';
import { listing } from './list.ts';
import { newCommand } from './new-command.ts';
import { warnOfPartialRun, writeReportOf } from './report-command.ts';
import { RESULTS_DIR, type RunFlags, runCommand } from './run-command.ts';

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const warn = (text: string): void => void process.stderr.write(`${text}\n`);

function wholeNumber(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError(`expected a whole number, got "${text}"`);
  return value;
}

const list = (text: string): string[] => text.split(',').map((part) => part.trim());

function buildProgram(commandLine: readonly string[], exit: (code: ExitCode) => void): Command {
  const program = new Command('pherobench')
    .description('Compares platforms for serverless function orchestration on real work.')
    .option('--config <file>', 'adds workloads, platforms and experiments (default: pherobench.config.json, .js or .ts here, if any)')
    .addHelpText('after', `\n${EXIT_HELP}`)
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  const setting = (): Promise<Setting> => loadSetting(BUILT_IN, program.opts<{ config?: string }>().config, process.cwd());
  program
    .command('list')
    .description('platforms, workloads and experiments')
    .action(async () => print(await listing(await setting())));
  addRun(program, async (name, flags) => exit(await runCommand(name, flags, { setting: await setting(), commandLine, print })));
  program
    .command('report')
    .description('writes the report of a run')
    .argument('[dir]', 'folder of a run (default: the newest)')
    .action(async (dir: string | undefined) => {
      const runDir = dir ?? newestRun(RESULTS_DIR);
      warnOfPartialRun(runDir, warn);
      await writeReportOf(runDir, print);
    });
  program
    .command('doctor')
    .description('which platforms can run here, and what to install where one cannot')
    .argument('[experiment]', 'only the platforms of this experiment')
    .action(async (experiment: string | undefined) => exit(await doctor(await setting(), experiment, print)));
  addExpressivenessCommand(program, async () => (await setting()).platforms, exit);
  addNew(program, setting);
  program
    .command('calibrate')
    .description('checks in 20 small runs that the harness finds a delay of known length')
    .option('--seed <number>', 'of the first run', wholeNumber, 1)
    .action(async ({ seed }: { seed: number }) => exit(await calibrate(seed, commandLine, print)));
  return program;
}

function addNew(program: Command, setting: () => Promise<Setting>): void {
  const command = program.command('new').description('writes a working skeleton with tests');
  const kinds = [
    ['workload', 'workloads'],
    ['platform', 'platforms'],
  ] as const;
  for (const [kind, list] of kinds) {
    command
      .command(kind)
      .description(`a ${kind} of your own; in a checkout of pheromone-bench one among its own`)
      .argument('<name>', 'lower-case letters, digits and dashes')
      .option('--dir <folder>', `folder to make it in (default: where a checkout keeps such, else ${list})`)
      .action(async (name: string, { dir }: { dir?: string }) => {
        const names = (await setting())[list].map((each) => each.name);
        newCommand({ kind, name, cwd: process.cwd(), names, print, ...(dir === undefined ? {} : { parent: dir }) });
      });
  }
}

function addRun(program: Command, action: (name: string, flags: RunFlags) => Promise<void>): void {
  program
    .command('run')
    .description('runs an experiment, or a workload by itself, and prints the results')
    .argument('<experiment>', 'see pherobench list')
    .option('--platform <names>', 'only these, separated by commas', list)
    .option('--profile <name>', 'quick, standard or paper (default: quick)')
    .option(
      '--param <name=value>',
      'fixes a parameter; several values with commas; may be repeated for others',
      (text, all: string[]) => [...all, text],
      [],
    )
    .option('--rounds <count>', "instead of the profile's", wholeNumber)
    .option('--seed <number>', 'of inputs and of the order of trials (default: 1)', wholeNumber)
    .option('--out <dir>', `folder for this run (default: ${RESULTS_DIR}/TIME-EXPERIMENT)`)
    .option('--json <file>', 'writes the summary for machines as well (results/schema/summary.schema.json)')
    .option('--report', 'writes the report as well')
    .addHelpText('after', `\n${EXIT_HELP}`)
    .action(action);
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
