/** The results of a run as a table for the terminal. */
import Table from 'cli-table3';
import { casesOf } from '../charts/cases.ts';
import { formatNumber, formatTime } from '../charts/units.ts';
import type { Run } from '../records.ts';
import { caseKey, type Metric, type SummaryRow, summarise, summariseFloors } from '../summary.ts';

/** Plain lines, so that the table is as good in a log as on a terminal. */
const STYLE = { style: { head: [], border: [], compact: true } };
const NONE = '-';

const range = (low: number, high: number): string => `[${formatTime(low)}, ${formatTime(high)}]`;

function platformsOf({ manifest, records }: Run): string[] {
  const recorded = records.flatMap((record) => ('platform' in record ? [record.platform] : []));
  return [...new Set([...manifest.platforms.map(({ name }) => name), ...recorded])];
}

/** How many trials did not come out right, and of what kind. */
function troubles(run: Run, platform: string, key: string): string {
  const kinds = run.records
    .filter((record) => record.kind === 'trial')
    .filter((trial) => trial.platform === platform && caseKey(trial.workload, trial.parameters) === key)
    .map(({ outcome }) => outcome.kind);
  const count = (kind: string): number => kinds.filter((other) => other === kind).length;
  const absent = run.records.some(
    (record) =>
      record.kind === 'absent' &&
      record.platform === platform &&
      (record.workload === undefined || caseKey(record.workload, record.parameters ?? {}) === key),
  );
  const parts = [count('failed') && `${count('failed')} failed`, count('wrong') && `${count('wrong')} wrong`, absent && 'absent'];
  return parts.filter(Boolean).join(', ') || NONE;
}

function cells(row: (metric: Metric) => SummaryRow | undefined): string[] {
  const total = row('total');
  if (total === undefined) return [NONE, NONE, NONE, NONE, NONE, NONE];
  const median = (metric: Metric): string => {
    const found = row(metric);
    return found === undefined ? NONE : formatTime(found.median);
  };
  const ratio = total.ratio === undefined ? NONE : formatNumber(total.ratio);
  return [String(total.n), formatTime(total.median), range(total.ciLow, total.ciHigh), median('hop'), median('external'), ratio];
}

/** One line for each case on each platform, also for those that did not run; then the floors. */
export function resultsTable(run: Run): string {
  const rows = summarise(run);
  const table = new Table({
    head: ['case', 'platform', 'n', 'median', '95 % interval', 'hop', 'external', 'x floor', 'not right'],
    colAligns: ['left', 'left', 'right', 'right', 'left', 'right', 'right', 'right', 'left'],
    ...STYLE,
  });
  const platforms = platformsOf(run);
  for (const { key, label } of casesOf(run.manifest)) {
    for (const platform of platforms) {
      const row = (metric: Metric): SummaryRow | undefined =>
        rows.find((r) => r.platform === platform && r.metric === metric && caseKey(r.workload, r.parameters) === key);
      table.push([label, platform, ...cells(row), troubles(run, platform, key)]);
    }
  }
  const floors = new Table({ head: ['floor', 'median', '95 % interval'], colAligns: ['left', 'right', 'left'], ...STYLE });
  for (const { floor, median, ciLow, ciHigh } of summariseFloors(run)) floors.push([floor, formatTime(median), range(ciLow, ciHigh)]);
  return [table, floors]
    .filter(({ length }) => length > 0)
    .map(String)
    .join('\n');
}

/** Every platform that is absent, wholly or in part, with the reason; and what happened besides. */
export function absencesOf({ records }: Run): string[] {
  return records.flatMap((record) => {
    if (record.kind === 'incident') return [`${record.platform}: ${record.code}: ${record.why}`];
    if (record.kind !== 'absent') return [];
    const of = record.workload === undefined ? '' : `, ${record.workload} ${JSON.stringify(record.parameters ?? {})}`;
    return [`${record.platform}${of} is absent: ${record.code}: ${record.why}`];
  });
}
