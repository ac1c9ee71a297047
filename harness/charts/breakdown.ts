/** Where the time goes: external, between functions and compute, stacked. */
import type { Case } from './cases.ts';
import { type Chart, readings, type Subject, slug } from './chart.ts';
import { axisFor, PLOT_WIDTH } from './encode.ts';
import { PARTS } from './palette.ts';
import { formatTime } from './units.ts';

/** Where the clock of a platform is not the host's, the rest of the total cannot be told apart. */
const REST = { metric: 'rest', label: 'not told apart', colour: '#c8ccd2' } as const;

/** One chart for a case that stands alone, or none if nothing was measured. */
export function breakdownChart(subject: Subject, each: Case): Chart | undefined {
  const totals = readings(subject, each, 'total');
  const bars = totals.flatMap(({ row, style }) => {
    const parts = PARTS.map(({ metric, label }, order) => {
      const part = readings(subject, each, metric).find((reading) => reading.row.platform === row.platform);
      return { label, order, value: part?.row.median };
    });
    const known = parts.reduce((sum, { value = 0 }) => sum + value, 0);
    const complete =
      parts[0]?.value !== undefined
        ? parts
        : [...parts, { label: REST.label, order: PARTS.length, value: Math.max(0, row.median - known) }];
    const stacked = complete.filter((part): part is typeof part & { value: number } => part.value !== undefined);
    return stacked.map((part) => ({
      platform: style.label,
      part: part.label,
      order: part.order,
      value: part.value,
      median: formatTime(part.value),
      share: `${((100 * part.value) / Math.max(1, row.median)).toFixed(1)} %`,
    }));
  });
  if (bars.length === 0) return undefined;
  const platforms = totals.map(({ style }) => style.label);
  const sums = platforms.map((platform) => {
    const own = bars.filter((bar) => bar.platform === platform);
    return { platform, text: own.map(({ median }) => median).join(' + '), sum: own.reduce((sum, { value }) => sum + value, 0) };
  });
  const looks = [...PARTS, REST].filter(({ label }) => bars.some(({ part }) => part === label));
  const x = axisFor(
    sums.map(({ sum }) => sum),
    'time',
    false,
  );
  return {
    id: slug('breakdown', each.key),
    title: `Where the time goes: ${each.label}`,
    caption: 'Medians of each part, in the order of the legend; a sum of medians need not equal the median of the total.',
    spec: {
      width: PLOT_WIDTH,
      height: { step: 30 },
      encoding: { y: { field: 'platform', type: 'nominal', title: null, sort: platforms } },
      layer: [
        {
          data: { values: bars },
          mark: { type: 'bar', height: { band: 0.65 } },
          encoding: {
            x: { field: 'value', type: 'quantitative', stack: 'zero', ...x, title: 'time' },
            order: { field: 'order', type: 'quantitative' },
            color: {
              field: 'part',
              type: 'nominal',
              title: null,
              scale: { domain: looks.map(({ label }) => label), range: looks.map(({ colour }) => colour) },
              legend: { orient: 'top', direction: 'horizontal', symbolType: 'square' },
            },
            tooltip: ['platform', 'part', 'median', 'share'].map((field) => ({ field, type: 'nominal' as const })),
          },
        },
        {
          data: { values: sums },
          mark: { type: 'text', align: 'left', dx: 10 },
          encoding: { x: { value: 'width' }, text: { field: 'text' } },
        },
      ],
    },
  };
}
