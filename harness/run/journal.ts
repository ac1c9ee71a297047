/** Writes what a run leaves behind, record by record, so that a run that is cut short can still be read. */
import { closeSync, existsSync, mkdirSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { InputError, refusedBy } from '../input-error.ts';
import { MANIFEST_FILE, RECORDS_FILE } from '../read-run.ts';
import type { Manifest, RunRecord } from '../records.ts';

/** The folder of a run under way. */
export class Journal {
  readonly dir: string;
  readonly #records: number;

  /** Makes the folder. Throws an {@link InputError} if it holds a run already, or cannot be written to. */
  constructor(dir: string) {
    if (existsSync(join(dir, RECORDS_FILE))) throw new InputError(`${dir}: expected a folder without a run, found ${RECORDS_FILE}`);
    this.dir = dir;
    try {
      mkdirSync(dir, { recursive: true });
      this.#records = openSync(join(dir, RECORDS_FILE), 'a');
    } catch (error) {
      throw refusedBy(error, dir, 'a folder that can be written to');
    }
  }

  /** Replaces the manifest; a reader never sees half of it. */
  writeManifest(manifest: Manifest): void {
    const path = join(this.dir, MANIFEST_FILE);
    writeFileSync(`${path}.new`, `${JSON.stringify(manifest, undefined, 2)}\n`);
    renameSync(`${path}.new`, path);
  }

  /** Appends a record at once. */
  append(record: RunRecord): void {
    writeSync(this.#records, `${JSON.stringify(record)}\n`);
  }

  close(): void {
    closeSync(this.#records);
  }
}
