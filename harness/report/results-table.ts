/** Every figure of a workload as numbers, with what the platform guarantees beside it. */
import { type Case, casesOf } from '../charts/cases.ts';
import { readings, type Subject } from '../charts/chart.ts';
import { interval } from '../charts/encode.ts';
import { describeParameter, format, formatNumber, formatParameter, formatTime } from '../charts/units.ts';
import type { Manifest } from '../records.ts';
import type { Metric, SummaryRow } from '../summary.ts';
import { type Content, html, type Markup } from './html.ts';
import { type Column, table } from './table.ts';

type Workload = Manifest['workloads'][number];

/** All metrics of one platform in one case. */
interface Result {
  readonly each: Case;
  readonly platform: Manifest['platforms'][number];
  readonly label: string;
  readonly metrics: Partial<Record<Metric, SummaryRow>>;
}

/** Delivery, durability and isolation in one line. */
function guarantees({ delivery, durability, isolation }: Manifest['platforms'][number]): string {
  return `${delivery} · survives ${durability === 'none' ? 'nothing' : `loss of the ${durability}`} · ${isolation === 'none' ? 'no isolation' : `${isolation} isolation`}`;
}

function resultsOf(subject: Subject, workload: Workload): readonly Result[] {
  const { platforms } = subject.run.manifest;
  return casesOf({ workloads: [workload] }).flatMap((each) => {
    const rows = (['total', 'external', 'between', 'hop', 'compute'] as const).flatMap((metric) => readings(subject, each, metric));
    return platforms.flatMap((platform, index) => {
      const own = rows.filter(({ row }) => row.platform === platform.name).map(({ row }) => [row.metric, row] as const);
      const label = subject.styles[index]?.label ?? platform.title;
      return own.length === 0 ? [] : [{ each, platform, label, metrics: Object.fromEntries(own) }];
    });
  });
}

function parameterColumn(name: string): Column<Result> {
  const { label, quantity, toBase } = describeParameter(name);
  return {
    title: label,
    cell: ({ each }) => {
      const value = each.parameters[name];
      return value === undefined ? '' : format(value * toBase, quantity);
    },
    sort: ({ each }) => each.parameters[name],
  };
}

function metricColumn(
  title: string,
  metric: Metric,
  value: (row: SummaryRow) => number,
  show: (row: SummaryRow) => Content,
): Column<Result> {
  return {
    title,
    cell: ({ metrics }) => {
      const row = metrics[metric];
      return row === undefined ? '–' : show(row);
    },
    sort: ({ metrics }) => {
      const row = metrics[metric];
      return row && value(row);
    },
  };
}

/** A median, and under it its interval and how many times its floor it is. */
const median = (title: string, metric: Metric) =>
  metricColumn(
    title,
    metric,
    (row) => row.median,
    (row) => html`${formatTime(row.median)} <small>${interval(row.ciLow, row.ciHigh)}</small>${besideFloor(row)}`,
  );

function besideFloor({ ratio, ratioLow = 0, ratioHigh = 0, floor }: SummaryRow): Content {
  if (ratio === undefined) return undefined;
  return html` <small title="${formatNumber(ratioLow)} to ${formatNumber(ratioHigh)}">${formatNumber(ratio)} × ${floor}</small>`;
}

const total = (title: string, value: (row: SummaryRow) => number) => metricColumn(title, 'total', value, (row) => formatTime(value(row)));

/** One table of all cases and platforms of a workload; a parameter that does not vary stands in the caption. */
export function resultsTable(subject: Subject, { name, title, cases }: Workload): Markup {
  const parameters = [...new Set(cases.flatMap((each) => Object.keys(each)))];
  const varying = parameters.filter((parameter) => new Set(cases.map((each) => each[parameter])).size > 1);
  const fixed = parameters.filter((parameter) => !varying.includes(parameter)).map((each) => formatParameter(each, cases[0]?.[each] ?? 0));
  const columns: readonly Column<Result>[] = [
    ...varying.map(parameterColumn),
    { title: 'platform', cell: ({ label, platform }) => html`${label} <small>${guarantees(platform)}</small>`, sort: ({ label }) => label },
    metricColumn(
      'trials',
      'total',
      ({ n }) => n,
      ({ n }) => n,
    ),
    median('total', 'total'),
    median('external', 'external'),
    median('between functions', 'between'),
    median('hop', 'hop'),
    median('compute', 'compute'),
    total('p95', ({ p95 }) => p95),
    total('p99', ({ p99 }) => p99),
    total('least', ({ min }) => min),
  ];
  const heading = [title, ...fixed].join(' · ');
  const caption = html`<b>${heading}</b> Medians; under each its 95 % interval, and how many times its floor it is. p95, p99 and least are of the total.`;
  return table(caption, columns, resultsOf(subject, { name, title, cases }));
}
