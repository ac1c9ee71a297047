/** What a figure is made from and what it comes to. Charts are pure: rows in, a Vega-Lite specification out. */
import type { TopLevelSpec } from 'vega-lite';
import type { Run } from '../records.ts';
import { caseKey, type FloorRow, type Metric, type SummaryRow, summarise, summariseFloors } from '../summary.ts';
import type { Case } from './cases.ts';
import { type PlatformStyle, platformStyles } from './palette.ts';

/** One figure, without colours of text and background: those come with the theme. */
export interface Chart {
  /** Unique in a report; safe as a file name. */
  readonly id: string;
  readonly title: string;
  /** How to read it, in a sentence or two. */
  readonly caption: string;
  readonly spec: TopLevelSpec;
}

/** What each metric is called. */
export const METRIC_TITLES: Readonly<Record<Metric, string>> = {
  total: 'Total latency',
  external: 'External latency',
  between: 'Latency between functions',
  hop: 'Latency of a hop',
  compute: 'Compute time',
};

/** A run with its summary and the looks of its platforms. */
export interface Subject {
  readonly run: Run;
  readonly rows: readonly SummaryRow[];
  readonly floors: readonly FloorRow[];
  readonly styles: readonly PlatformStyle[];
}

/** Summarises a run. */
export function subjectOf(run: Run): Subject {
  return { run, rows: summarise(run), floors: summariseFloors(run), styles: platformStyles(run.manifest.platforms) };
}

/** A summary row with the look of its platform. */
export interface Reading {
  readonly row: SummaryRow;
  readonly style: PlatformStyle;
}

/** The rows of one case and metric, in the order of the platforms. */
export function readings({ rows, styles }: Subject, { key }: Case, metric: Metric): readonly Reading[] {
  const own = rows.filter((row) => row.metric === metric && caseKey(row.workload, row.parameters) === key);
  return styles.flatMap((style) => own.filter((row) => row.platform === style.name).map((row) => ({ row, style })));
}

/** Whether a reading can stand on a logarithmic axis. Between functions no time may pass at all: one may start before the other ends. */
export function isPositive({ row }: Reading): boolean {
  return row.median > 0 && row.ciLow > 0;
}

/** A sentence that names the platforms of which readings are left out; `''` if none is. */
export function leftOut(all: readonly Reading[]): string {
  const labels = new Set(all.filter((reading) => !isPositive(reading)).map(({ style }) => style.label));
  return labels.size === 0 ? '' : `Left out where the interval reaches 0, see the table: ${[...labels].join(', ')}.`;
}

/** A name for files and anchors: lower-case letters, digits and dashes. */
export function slug(...parts: readonly (string | number)[]): string {
  const joined = parts.filter((part) => part !== '').join('-');
  return joined
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}
