/**
 * The test command: types, lint and format, import rules, tidiness, tests. With arguments: only these test files.
 * With REQUIRE_ALL=1 a skipped test is a failure. The last line holds the counts of the test runner.
 */
import { type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { readImports } from './imports.ts';
import { readTap } from './tap.ts';
import { readTracked, tidyFaults } from './tidy.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Starts a JavaScript file of an installed package with the Node that runs this. */
function startTool(file: string, args: readonly string[], stdio: SpawnOptions['stdio']) {
  return spawn(process.execPath, [`node_modules/${file}`, ...args], { cwd: root, stdio: stdio ?? 'inherit' });
}

/** Runs one check, says how it went, and tells whether it passed. */
async function step(name: string, check: () => Promise<readonly string[]>): Promise<boolean> {
  const startedMs = performance.now();
  const faults = await check().catch((error: unknown) => [String(error)]);
  const took = `${((performance.now() - startedMs) / 1_000).toFixed(1)} s`;
  console.log(`${faults.length === 0 ? 'ok    ' : 'FAILED'} ${name.padEnd(8)} ${took}`);
  for (const fault of faults) console.log(`       ${fault}`);
  return faults.length === 0;
}

async function runTool(file: string, args: readonly string[]): Promise<string[]> {
  const child = startTool(file, args, 'inherit');
  const [code, signal] = await once(child, 'exit');
  return code === 0 ? [] : [`${file} ended with ${signal ?? `exit code ${code}`}`];
}

async function checkImports(): Promise<string[]> {
  return (await readImports(root)).faults.map(({ rule, from, to, why }) => `${from} -> ${to}: ${why} (${rule})`);
}

async function checkTidiness(): Promise<string[]> {
  return tidyFaults({ root, files: await readTracked(root), imports: (await readImports(root)).imports });
}

/** Runs the tests and prints what failed and what was skipped, then the counts. */
async function runTests(files: readonly string[]): Promise<boolean> {
  const child = startTool('ava/entrypoints/cli.js', ['--tap', ...files], ['ignore', 'pipe', 'inherit']);
  const ended = once(child, 'exit');
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  for await (const { outcome, title, details } of readTap(lines, console.log)) {
    counts[outcome] += 1;
    if (outcome !== 'passed') console.log(`${outcome} ${title}`);
    if (outcome === 'failed') for (const line of details) console.log(line);
  }
  const [code, signal] = await ended;
  const isComplete = process.env.REQUIRE_ALL !== '1' || counts.skipped === 0;
  if (!isComplete) console.log('REQUIRE_ALL=1: expected no skipped test');
  if (code !== 0 && counts.failed === 0) console.log(`expected the test runner to end well, got ${signal ?? `exit code ${code}`}`);
  console.log(`${counts.passed} passed, ${counts.failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}`);
  return code === 0 && counts.failed === 0 && isComplete;
}

const testFiles = process.argv.slice(2);
let passed = true;
if (testFiles.length === 0) {
  const biome = ['check', '--error-on-warnings'];
  passed = (await step('types', () => runTool('typescript/bin/tsc', ['--noEmit', '-p', '.']))) && passed;
  passed = (await step('lint', () => runTool('@biomejs/biome/bin/biome', biome))) && passed;
  passed = (await step('imports', checkImports)) && passed;
  passed = (await step('tidy', checkTidiness)) && passed;
}
passed = (await runTests(testFiles)) && passed;
process.exitCode = passed ? 0 : 1;
