/** How the trials spread: the share of trials that took no longer than a given time. */
import type { TrialRecord } from '../records.ts';
import { caseKey } from '../summary.ts';
import type { Case } from './cases.ts';
import { type Chart, type Subject, slug } from './chart.ts';
import { axisFor, byPlatform, PLOT_WIDTH } from './encode.ts';
import { formatTime } from './units.ts';

/** More points than this a line cannot show; longer samples are thinned to quantiles. */
const POINTS = 250;

/** Steps of an empirical distribution function, from zero on: `[value, share of the values that are not above it]`. */
export function ecdf(values: readonly number[]): readonly (readonly [number, number])[] {
  const sorted = values.toSorted((a, b) => a - b);
  const count = Math.min(sorted.length, POINTS);
  return Array.from({ length: count + 1 }, (_, step) => {
    const rank = Math.ceil((step * sorted.length) / count);
    return [sorted[Math.max(0, rank - 1)] ?? 0, rank / sorted.length] as const;
  });
}

/** One chart of the total latencies of a case, or none if fewer than two trials were measured on every platform. */
export function distributionChart({ run, styles }: Subject, each: Case): Chart | undefined {
  const trials = run.records.filter(
    (record): record is TrialRecord =>
      record.kind === 'trial' &&
      record.phase === 'measured' &&
      record.outcome.kind === 'ok' &&
      caseKey(record.workload, record.parameters) === each.key,
  );
  const samples = styles.map(({ name, label }) => ({
    label,
    totals: trials.filter(({ platform, totalNs }) => platform === name && totalNs > 0).map(({ totalNs }) => totalNs),
  }));
  const drawn = samples.filter(({ totals }) => totals.length >= 2);
  if (drawn.length === 0) return undefined;
  const values = drawn.flatMap(({ label: platform, totals }) =>
    ecdf(totals).map(([value, share]) => ({
      platform,
      value,
      share,
      'total latency': formatTime(value),
      trials: `${(100 * share).toFixed(1)} %`,
    })),
  );
  const { color, strokeDash } = byPlatform(
    styles.filter(({ label }) => drawn.some((sample) => sample.label === label)),
    'dashes',
  );
  const x = axisFor(
    values.map(({ value }) => value),
    'time',
  );
  return {
    id: slug('distribution', each.key),
    title: `Spread of the trials: ${each.label}`,
    caption: 'Share of the trials that took no longer than the time below; steeper is steadier, further left is faster.',
    spec: {
      width: PLOT_WIDTH,
      height: 240,
      data: { values },
      mark: { type: 'line', interpolate: 'step-after', strokeWidth: 2 },
      encoding: {
        x: { field: 'value', type: 'quantitative', ...x, title: 'total latency' },
        y: {
          field: 'share',
          type: 'quantitative',
          title: 'share of trials',
          scale: { domain: [0, 1] },
          axis: { format: '%', tickCount: 5 },
        },
        color,
        strokeDash,
        tooltip: ['platform', 'total latency', 'trials'].map((field) => ({ field, type: 'nominal' as const })),
      },
    },
  };
}
