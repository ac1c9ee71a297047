/** Pieces that the figures share. */
import type { Distribution } from '../summary.ts';
import type { PlatformStyle } from './palette.ts';
import { axisLabel, formatTime, logAxis, type Quantity, wantsLog } from './units.ts';

/** Width of a plot in pixels, without its axis and what stands beside it. */
export const PLOT_WIDTH = 640;

/** Colour, marker and dash of the platforms given, as one legend above the plot that shows the markers or the dashes. */
export function byPlatform(styles: readonly PlatformStyle[], legendOf: 'markers' | 'dashes') {
  const domain = styles.map(({ label }) => label);
  const symbolStrokeWidth = legendOf === 'markers' ? 0 : 2;
  const legend = { orient: 'top', direction: 'horizontal', columns: 4, symbolOpacity: 1, symbolSize: 90, symbolStrokeWidth } as const;
  const channel = <Value>(range: readonly Value[]) => ({
    field: 'platform',
    type: 'nominal' as const,
    title: null,
    legend,
    scale: { domain, range: [...range] },
  });
  return {
    color: channel(styles.map(({ colour }) => colour)),
    shape: channel(styles.map(({ shape }) => shape)),
    strokeDash: channel(styles.map(({ dash }) => [...dash])),
  };
}

/** Scale and axis of a quantitative channel. */
export interface Axis {
  readonly scale: { type?: 'log'; domain?: [number, number]; zero?: boolean; nice?: boolean };
  readonly axis: { labelExpr: string; tickCount?: number; values?: number[] };
}

/** Scale and axis that suit the values: logarithmic where they spread widely or `log` asks for it and all are positive, from zero otherwise. */
export function axisFor(values: readonly number[], quantity: Quantity, log = wantsLog(values)): Axis {
  const labelExpr = axisLabel(quantity);
  const positive = values.length > 0 && values.every((value) => value > 0);
  if (!log || !positive) return { scale: { zero: true, nice: true }, axis: { labelExpr, tickCount: 5 } };
  const { domain, ticks } = logAxis(values);
  return { scale: { type: 'log', domain, nice: false }, axis: { labelExpr, values: ticks } };
}

/** One datum for a row of the summary: position, interval, and the texts of the tooltip. */
export function datumOf(row: Distribution, platform: string, caseLabel: string) {
  return {
    platform,
    case: caseLabel,
    value: row.median,
    low: row.ciLow,
    high: row.ciHigh,
    median: formatTime(row.median),
    interval: interval(row.ciLow, row.ciHigh),
    p95: formatTime(row.p95),
    p99: formatTime(row.p99),
    least: formatTime(row.min),
    trials: row.n,
  };
}

/** An interval as read, such as `[1.2 ms, 1.4 ms]`. */
export function interval(low: number, high: number): string {
  return `[${formatTime(low)}, ${formatTime(high)}]`;
}

/** Tooltip of a {@link datumOf}. */
export const DATUM_TOOLTIP = [
  ['platform'],
  ['case'],
  ['median'],
  ['interval', '95 % interval'],
  ['p95'],
  ['p99'],
  ['least'],
  ['trials'],
].map(([field = '', title = field]) => ({ field, title, type: 'nominal' as const }));

/** Where to put labels so that none overlaps: the places asked for, moved apart to at least `gap`. Returned in the order given. */
export function spread(places: readonly number[], gap: number): number[] {
  const order = places.map((place, index) => ({ place, index })).sort((a, b) => a.place - b.place);
  let last = Number.NEGATIVE_INFINITY;
  for (const each of order) {
    each.place = Math.max(each.place, last + gap);
    last = each.place;
  }
  return order.toSorted((a, b) => a.index - b.index).map(({ place }) => place);
}
