/** Type, lines and colours of text, common to all figures. */
import type { Config, TopLevelSpec } from 'vega-lite';
import type { Chart } from './chart.ts';

/** Where a figure will stand. */
export interface Theme {
  /** Of text, axes and grid; `currentColor` follows the page. */
  readonly ink: string;
  readonly background: string | null;
  readonly font: string;
}

/** For files: dark on white. */
export const PAPER: Theme = { ink: '#1f2328', background: '#ffffff', font: 'Inter, system-ui, sans-serif' };

/** For a page: follows its colours, light or dark. */
export const PAGE: Theme = { ink: 'currentColor', background: null, font: 'Inter, system-ui, -apple-system, "Segoe UI", sans-serif' };

function config({ ink, background, font }: Theme): Config {
  return {
    ...(background === null ? { background: 'transparent' } : { background }),
    font,
    padding: 8,
    view: { stroke: null },
    axis: {
      domainColor: ink,
      domainOpacity: 0.45,
      gridColor: ink,
      gridOpacity: 0.1,
      tickColor: ink,
      tickOpacity: 0.45,
      labelColor: ink,
      labelFontSize: 12,
      labelLimit: 260,
      titleColor: ink,
      titleFontSize: 12,
      titleFontWeight: 500,
      titlePadding: 10,
    },
    axisY: { domain: false, ticks: false, labelPadding: 8 },
    header: { labelColor: ink, labelFontSize: 12, titleColor: ink, labelLimit: 700 },
    legend: { labelColor: ink, labelFontSize: 12, labelLimit: 260, titleColor: ink, columnPadding: 18, offset: 14 },
    text: { color: ink, fontSize: 12 },
    title: {
      anchor: 'start',
      frame: 'bounds',
      color: ink,
      fontSize: 16,
      fontWeight: 600,
      subtitleColor: ink,
      subtitleFontSize: 12,
      subtitlePadding: 6,
      offset: 16,
    },
  };
}

/** The figure's specification under a theme, without a heading. */
export function themed({ spec }: Chart, theme: Theme): TopLevelSpec {
  return { ...spec, config: config(theme) };
}

/** The figure as a thing of its own: with its title, and under it where the numbers come from. */
export function titled(chart: Chart, theme: Theme, source: string): TopLevelSpec {
  return { ...themed(chart, theme), title: { text: chart.title, subtitle: source } };
}
