/** Writes the report of a run: one HTML page, and each figure as SVG and PNG. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Chart, type Subject, subjectOf } from '../charts/chart.ts';
import { chartsOf } from '../charts/charts.ts';
import { PAPER, titled } from '../charts/theme.ts';
import { refusedBy } from '../input-error.ts';
import { readRun } from '../read-run.ts';
import { page } from './page.ts';
import { renderPng, renderSvg } from './render.ts';

/** File and folder that a report adds to the folder of its run. */
const PAGE_FILE = 'report.html';
const FIGURES_DIR = 'figures';

/** Paths of what was written. */
export interface Report {
  readonly html: string;
  /** An SVG and a PNG for each figure. */
  readonly figures: string[];
}

/** Reads the run in `runDir` and writes its report there, in place of an earlier one. Throws an `InputError` for what is no run and where it cannot write. */
export async function writeReport(runDir: string): Promise<Report> {
  const subject = subjectOf(readRun(runDir));
  const charts = chartsOf(subject);
  const figuresDir = join(runDir, FIGURES_DIR);
  try {
    await rm(figuresDir, { recursive: true, force: true });
    await mkdir(figuresDir);
  } catch (error) {
    throw refusedBy(error, figuresDir, 'a folder that can be written to');
  }
  const figures: string[] = [];
  for (const chart of charts) figures.push(...(await writeFigure(figuresDir, chart, sourceOf(subject))));
  const html = join(runDir, PAGE_FILE);
  await writeFile(html, page(subject, charts));
  return { html, figures };
}

async function writeFigure(dir: string, chart: Chart, source: string): Promise<string[]> {
  const svg = await renderSvg(titled(chart, PAPER, source));
  const files = [join(dir, `${chart.id}.svg`), join(dir, `${chart.id}.png`)] as const;
  await writeFile(files[0], svg);
  await writeFile(files[1], renderPng(svg));
  return [...files];
}

/** Where the numbers of a figure come from, for when it is seen without its report. */
function sourceOf({ run: { manifest } }: Subject): string {
  const { experiment, profile, startedAt, source, state } = manifest;
  const commit = source.commit === undefined ? `version ${source.version}` : `commit ${source.commit.slice(0, 10)}`;
  const partial = state === 'complete' ? [] : ['partial run'];
  return [`experiment ${experiment}`, `profile ${profile}`, startedAt.slice(0, 10), commit, ...partial].join(' · ');
}
