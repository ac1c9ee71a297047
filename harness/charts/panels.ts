/** A panel for each case: one row a platform, its median as a marker, its interval as a bar, its figures beside it. */
import type { TopLevelSpec } from 'vega-lite';
import { axisFor, byPlatform, DATUM_TOOLTIP, PLOT_WIDTH } from './encode.ts';
import { FLOOR_COLOUR, type PlatformStyle } from './palette.ts';

/** One row of a panel. Without a value it stays empty but for its text. */
export interface Row {
  readonly platform: string;
  readonly text: string;
  readonly value?: number;
  readonly low?: number;
  readonly high?: number;
}

export interface Panel {
  readonly heading: string;
  readonly rows: readonly Row[];
}

export interface Panels {
  readonly panels: readonly Panel[];
  /** The looks of everything that has a row. */
  readonly styles: readonly PlatformStyle[];
  /** Vertical lines through all panels. */
  readonly lines: readonly number[];
  readonly title: string;
}

/** The specification; all panels share one logarithmic axis, drawn under the last. */
export function panelsSpec({ panels, styles, lines, title }: Panels): TopLevelSpec {
  const shown = panels.flatMap(({ rows }) => rows.flatMap(({ low, high }) => (low === undefined || high === undefined ? [] : [low, high])));
  const { scale, axis } = axisFor([...shown, ...lines], 'time', true);
  const { color, shape } = byPlatform(styles, 'markers');
  const place = (field: string, last: boolean) => ({
    field,
    type: 'quantitative' as const,
    scale,
    title: last ? title : null,
    axis: { ...axis, labels: last, ticks: last, domain: last },
  });
  return {
    spacing: 14,
    vconcat: panels.map(({ heading, rows }, index) => {
      const x = (field: string) => place(field, index === panels.length - 1);
      const y = { field: 'platform', type: 'nominal' as const, title: null, sort: rows.map(({ platform }) => platform) };
      const measured = { values: rows.filter(({ value }) => value !== undefined) };
      return {
        title: { text: heading, fontSize: 12, frame: 'group' as const, offset: 8 },
        width: PLOT_WIDTH,
        height: { step: 24 },
        layer: [
          {
            data: { values: lines.map((value) => ({ value })) },
            mark: { type: 'rule' as const, strokeDash: [4, 3], color: FLOOR_COLOUR },
            encoding: { x: x('value') },
          },
          {
            data: measured,
            mark: { type: 'rule' as const, strokeWidth: 6, opacity: 0.35, strokeCap: 'round' as const },
            encoding: { y, x: x('low'), x2: { field: 'high' }, color: { ...color, legend: null } },
          },
          {
            data: measured,
            mark: { type: 'point' as const, filled: true, size: 70, opacity: 1 },
            encoding: { y, x: x('value'), color: { ...color, legend: null }, shape: { ...shape, legend: null }, tooltip: DATUM_TOOLTIP },
          },
          {
            data: { values: [...rows] },
            mark: { type: 'text' as const, align: 'left' as const, dx: 10 },
            encoding: { y, x: { value: 'width' as const }, text: { field: 'text' } },
          },
        ],
      };
    }),
  };
}
