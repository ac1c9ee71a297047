/** Total latency of cases that stand alone: median and 95 % interval of each platform on one logarithmic axis. */
import type { Case } from './cases.ts';
import { type Chart, METRIC_TITLES, readings, type Subject } from './chart.ts';
import { datumOf } from './encode.ts';
import { panelsSpec } from './panels.ts';

/** One chart with a panel for each case, or none if nothing was measured. A platform without a measurement keeps its row, and says so. */
export function totalsChart(subject: Subject, cases: readonly Case[]): Chart | undefined {
  const { styles } = subject;
  const panels = cases.flatMap((each) => {
    const measured = new Map(readings(subject, each, 'total').map(({ row, style }) => [style, datumOf(row, style.label, each.label)]));
    if (measured.size === 0) return [];
    const rows = styles.map((style) => {
      const datum = measured.get(style);
      return datum ? { ...datum, text: `${datum.median} ${datum.interval}` } : { platform: style.label, text: 'no measurement' };
    });
    return [{ heading: each.label, rows }];
  });
  if (panels.length === 0) return undefined;
  return {
    id: 'totals',
    title: METRIC_TITLES.total,
    caption: 'Median, with its 95 % interval as a bar. The axis is logarithmic: equal distances are equal ratios.',
    spec: panelsSpec({ panels, styles, lines: [], title: METRIC_TITLES.total.toLowerCase() }),
  };
}
