/** Draws figures without a browser: Vega-Lite to SVG, SVG to PNG. */
import { Resvg } from '@resvg/resvg-js';
import * as vega from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { FONT_FAMILY, FONT_FILES, textMeter } from './font.ts';

/** Pixels of a PNG for one of the figure's. */
const PNG_SCALE = 2;

interface TextItem {
  readonly fontSize?: number;
  readonly fontWeight?: number | string;
}

/** Without a canvas Vega takes every letter for 0.8 em wide; legends and titles then stand too far apart. */
function measureByFont(): void {
  const width = textMeter();
  // Exported, but missing from Vega's types.
  const { textMetrics } = vega as unknown as { textMetrics: { width: (item: TextItem, text?: unknown) => number } };
  textMetrics.width = ({ fontSize = 11, fontWeight = 400 }, text) => {
    return text === null || text === undefined ? 0 : width(String(text), fontSize, fontWeight === 'bold' || Number(fontWeight) >= 600);
  };
}

let measured = false;

/** The figure as an SVG document. */
export async function renderSvg(spec: TopLevelSpec): Promise<string> {
  if (!measured) measureByFont();
  measured = true;
  const view = new vega.View(vega.parse(compile(spec).spec), { renderer: 'none' });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** The SVG as a PNG at twice its size. `fontFiles` must hold the font: where it is missing, text is left out without a word. */
export function renderPng(svg: string, fontFiles: readonly string[] = FONT_FILES): Uint8Array {
  return new Resvg(svg, {
    fitTo: { mode: 'zoom', value: PNG_SCALE },
    font: { loadSystemFonts: false, fontFiles: [...fontFiles], defaultFontFamily: FONT_FAMILY },
  })
    .render()
    .asPng();
}
