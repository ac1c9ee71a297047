/** `pherobench report`: draws a run again. */
import { readRun } from '../read-run.ts';

/** Writes the report of the run in `dir`, and says where it is. Throws an `InputError` for what is no run. */
export async function writeReportOf(dir: string, print: (line: string) => void): Promise<void> {
  const { writeReport } = await import('../report/report.ts');
  const { html, figures } = await writeReport(dir);
  print(`Report: ${html} (and ${figures.length} figure files)`);
}

/** Says that a run is not whole, so that nobody takes it for one. */
export function warnOfPartialRun(dir: string, warn: (line: string) => void): void {
  const { manifest, truncated } = readRun(dir);
  if (truncated) warn(`${dir}: the last record was cut in half and is left out`);
  if (manifest.state !== 'complete') warn(`${dir}: a partial run (${manifest.state})`);
}
