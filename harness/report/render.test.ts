import test from 'ava';
import { chartsOf } from '../charts/charts.ts';
import { OVERVIEW, sampleSubject } from '../charts/fixtures/sample-run.ts';
import { PAPER, titled } from '../charts/theme.ts';
import { textMeter } from './font.ts';
import { renderPng, renderSvg } from './render.ts';

const svgs = await Promise.all(
  chartsOf(sampleSubject({ workloads: OVERVIEW, rounds: 4 })).map((chart) => renderSvg(titled(chart, PAPER, 'source'))),
);
const sizeOf = (svg: string) => /width="([\d.]+)" height="([\d.]+)"/.exec(svg)?.slice(1).map(Number) as [number, number];

test('a PNG has its text: without the font it is another picture', (t) => {
  for (const svg of svgs) {
    const png = renderPng(svg);
    t.deepEqual([...png.subarray(1, 4)], [...Buffer.from('PNG')]);
    t.true(png.length > 1.2 * renderPng(svg, []).length);
  }
});

test('no figure has a mark at a place that is no number', (t) => {
  for (const svg of svgs) t.notRegex(svg, /NaN|undefined|Infinity/);
});

test('no figure is wider than a page', (t) => {
  for (const svg of svgs) t.true(sizeOf(svg)[0] < 1_060, String(sizeOf(svg)));
});

test('text is as wide as the font says', (t) => {
  const width = textMeter();
  t.is(width('', 12, false), 0);
  t.true(width('iiii', 12, false) < width('mmmm', 12, false) / 2);
  t.true(width('Pheromone', 12, true) > width('Pheromone', 12, false));
  t.is(width('Pheromone', 24, false), 2 * width('Pheromone', 12, false));
});
