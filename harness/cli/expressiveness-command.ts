/** `pherobench expressiveness`: which platform has which pattern, proven by running all of them. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { type Column, prove } from '../expressiveness/prove.ts';
import { markdown, page } from '../expressiveness/render.ts';
import { absencesIn, faultsOf } from '../expressiveness/tables.ts';
import { unknownName } from '../input-error.ts';
import type { DriverSource } from '../registry.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { onInterrupt } from './interrupt.ts';
import { newRunDir, RESULTS_DIR } from './run-command.ts';

const NAME = 'expressiveness';

type Print = (line: string) => void;

interface Flags {
  readonly platform?: string;
  readonly out?: string;
}

/** Adds the command to `program`; `exit` is told the exit code, `print` what there is to say, line by line. */
export function addExpressivenessCommand(
  program: Command,
  platforms: () => Promise<readonly DriverSource[]>,
  exit: (code: ExitCode) => void,
  print: Print = (line) => void process.stdout.write(`${line}\n`),
): void {
  program
    .command(NAME)
    .description('proves by running which platform has which pattern, and writes the table')
    .option('--platform <names>', 'only these, separated by commas (default: all but those for calibration)')
    .option('--out <path>', `folder for ${NAME}.md and ${NAME}.html, or one such file (default: ${RESULTS_DIR}/TIME-${NAME})`)
    .addHelpText('after', '\nExit codes: 2 if a platform could not be asked, 3 if one does not do what it declares.')
    .action(async (flags: Flags) => exit(await expressiveness(await platforms(), flags, print)));
}

async function expressiveness(sources: readonly DriverSource[], { platform, out }: Flags, print: Print): Promise<ExitCode> {
  const chosen = chooseSources(sources, platform);
  const interrupted = new AbortController();
  const forget = onInterrupt(
    () => interrupted.abort(),
    () => process.exit(EXIT.interrupted),
  );
  try {
    const columns: Column[] = [];
    for (const { load } of chosen) {
      const driver = await load();
      if (platform === undefined && driver.class === 'calibration') continue;
      columns.push(await prove(driver, interrupted.signal));
    }
    const options = [...(platform === undefined ? [] : ['--platform', platform]), ...(out === undefined ? [] : ['--out', out])];
    return await write(columns, out ?? newRunDir(NAME, new Date()), ['pherobench', NAME, ...options].join(' '), print);
  } catch (error) {
    if (interrupted.signal.aborted) return EXIT.interrupted;
    throw error;
  } finally {
    forget();
  }
}

function chooseSources(sources: readonly DriverSource[], names: string | undefined): readonly DriverSource[] {
  if (names === undefined) return sources;
  const known = sources.map(({ name }) => name);
  return names.split(',').map((text) => {
    const name = text.trim();
    const source = sources.find((candidate) => candidate.name === name);
    if (source === undefined) throw unknownName('platform', name, known);
    return source;
  });
}

async function write(columns: readonly Column[], out: string, command: string, print: Print): Promise<ExitCode> {
  const isFile = /\.(md|html)$/.test(out);
  const files = isFile ? [out] : [join(out, `${NAME}.md`), join(out, `${NAME}.html`)];
  await mkdir(isFile ? dirname(out) : out, { recursive: true });
  for (const file of files) await writeFile(file, file.endsWith('.md') ? markdown(columns, command) : page(columns, command));
  const [faults, absences] = [faultsOf(columns), absencesIn(columns)];
  for (const line of [...faults, ...absences, `Written: ${files.join(' and ')}`]) print(line);
  if (faults.length > 0) return EXIT.wrongOutput;
  return absences.length > 0 ? EXIT.incomplete : EXIT.fine;
}
