import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Command } from 'commander';
import { calibrationNull } from '../../baselines/calibration/driver.ts';
import type { Driver } from '../../workloads/api/driver.ts';
import { InputError } from '../input-error.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { addExpressivenessCommand } from './expressiveness-command.ts';

const root = mkdtempSync(join(tmpdir(), 'expressiveness-'));
test.after.always(() => rmSync(root, { recursive: true }));

const DRIVERS: readonly Driver[] = [
  calibrationNull,
  { ...calibrationNull, name: 'liar', capabilities: { ...calibrationNull.capabilities, appScope: {} } },
  { ...calibrationNull, name: 'missing', probe: async () => ({ runs: false, why: 'no engine', remedy: 'install one' }) },
];

/** What the last run has printed. */
const lines: string[] = [];

async function run(...args: readonly string[]): Promise<ExitCode | undefined> {
  lines.length = 0;
  let code: ExitCode | undefined;
  const program = new Command().exitOverride();
  const sources = DRIVERS.map((driver) => ({ name: driver.name, load: async () => driver }));
  addExpressivenessCommand(
    program,
    async () => sources,
    (exitCode) => {
      code = exitCode;
    },
    (line) => lines.push(line),
  );
  await program.parseAsync(['expressiveness', ...args], { from: 'user' });
  return code;
}

test.serial('The tables are written into a folder, with the command that made them', async (t) => {
  const out = join(root, 'all');
  t.is(await run('--platform', 'null', '--out', out), EXIT.fine);
  t.true(readFileSync(join(out, 'expressiveness.md'), 'utf8').includes(`\`pherobench expressiveness --platform null --out ${out}\``));
  t.true(readFileSync(join(out, 'expressiveness.html'), 'utf8').startsWith('<!doctype html>'));
});

test.serial('A file is written alone', async (t) => {
  t.is(await run('--platform', 'null', '--out', join(root, 'one', 'table.md')), EXIT.fine);
  t.true(existsSync(join(root, 'one', 'table.md')));
  t.false(existsSync(join(root, 'one', 'table.html')));
});

test.serial('A platform that is not here, and one that does not do what it declares, are told by the exit code', async (t) => {
  t.is(await run('--platform', 'null, missing', '--out', join(root, 'missing')), EXIT.incomplete);
  t.deepEqual(lines.slice(0, -1), ['missing: not run: no engine; install one']);
  t.is(await run('--platform', 'missing,liar', '--out', join(root, 'liar')), EXIT.wrongOutput);
  t.deepEqual(
    lines.slice(0, 3).map((line) => line.split(': ')[0]),
    ['liar, batch, app', 'liar, window, app', 'missing'],
  );
});

test.serial('An unknown platform is bad input, and nothing is run', async (t) => {
  await t.throwsAsync(run('--platform', 'nul', '--out', join(root, 'none')), { instanceOf: InputError, message: /did you mean "null"\?/ });
  t.false(existsSync(join(root, 'none')));
});
