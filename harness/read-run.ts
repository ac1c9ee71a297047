/** Reads back what a run left behind. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { InputError, refusedBy } from './input-error.ts';
import { manifest, type Run, type RunRecord, runRecord, SCHEMA_VERSION } from './records.ts';
import { parseJson, validate } from './validation.ts';

/** File names in the folder of a run. */
export const MANIFEST_FILE = 'manifest.json';
export const RECORDS_FILE = 'records.jsonl';

function read(dir: string, name: string): string {
  const path = join(dir, name);
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw existsSync(dir) && statSync(dir).isDirectory() && !existsSync(path)
      ? new InputError(`${dir}: expected the folder of a run, found no ${name} in it`)
      : refusedBy(error, path, 'a file of a run');
  }
}

/** A newer harness may have written what this one cannot judge. */
function checkVersion(head: unknown, where: string): void {
  const { schemaVersion } = (head ?? {}) as { schemaVersion?: unknown };
  if (typeof schemaVersion === 'number' && schemaVersion > SCHEMA_VERSION) {
    throw new InputError(
      `${where}: expected schema version ${SCHEMA_VERSION}, got ${schemaVersion}; the run comes from a newer pherobench, read it with that`,
    );
  }
}

/**
 * Reads the run in folder `dir`. Where the harness was killed, a last line that was cut in half is left out, and
 * `truncated` says so. Throws an {@link InputError} that names file and line for any other damage.
 */
export function readRun(dir: string): Run {
  const manifestPath = join(dir, MANIFEST_FILE);
  const raw = parseJson(read(dir, MANIFEST_FILE), manifestPath);
  checkVersion(raw, manifestPath);
  const head = validate(manifest, raw, manifestPath);
  const recordsPath = join(dir, RECORDS_FILE);
  const lines = read(dir, RECORDS_FILE).split('\n');
  // A whole file ends with a line feed, so what follows the last one is either empty or cut.
  const truncated = lines.pop() !== '';
  if (truncated && head.state !== 'running') {
    const what = `expected a whole record at the end of a run that is ${head.state}, got one cut in half`;
    throw new InputError(`${recordsPath}:${lines.length + 1}: ${what}; the file was damaged after the run`);
  }
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
