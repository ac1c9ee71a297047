/** Reads back what a run left behind. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { z } from 'zod';
import { InputError } from './input-error.ts';
import { manifest, type Run, type RunRecord, runRecord } from './records.ts';

/** File names in the folder of a run. */
export const MANIFEST_FILE = 'manifest.json';
export const RECORDS_FILE = 'records.jsonl';

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new InputError(`${path}: expected a file of a run, got ${(error as NodeJS.ErrnoException).code}`);
  }
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(`${where}: expected JSON, got ${(error as Error).message}`);
  }
}

function validate<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw new InputError(`${where}: ${path.length === 0 ? '' : `${path.join('.')}: `}${message}`);
}

/**
 * Reads the run in folder `dir`. A last line that was cut in half is left out, and `truncated` says so. Throws an
 * {@link InputError} that names file and line for any other damage.
 */
export function readRun(dir: string): Run {
  const manifestPath = join(dir, MANIFEST_FILE);
  const head = validate(manifest, parseJson(read(manifestPath), manifestPath), manifestPath);
  const recordsPath = join(dir, RECORDS_FILE);
  const lines = read(recordsPath).split('\n');
  // A whole file ends with a line feed, so what follows the last one is either empty or cut.
  const truncated = lines.pop() !== '';
  const records = lines.map((line, index): RunRecord => {
    const where = `${recordsPath}:${index + 1}`;
    return validate(runRecord, parseJson(line, where), where);
  });
  return truncated ? { manifest: head, records, truncated } : { manifest: head, records };
}

/** The folder of the newest run in `resultsDir`. Throws an {@link InputError} if there is none. */
export function newestRun(resultsDir: string): string {
  const runs = (existsSync(resultsDir) ? readdirSync(resultsDir) : [])
    .map((name) => join(resultsDir, name))
    .filter((dir) => existsSync(join(dir, MANIFEST_FILE)))
    // Names begin with the time of the start.
    .sort((a, b) => (basename(a) < basename(b) ? 1 : -1));
  if (runs[0] === undefined)
    throw new InputError(`${resultsDir}: expected at least one run, got none; make one with: pherobench run overview`);
  return runs[0];
}
