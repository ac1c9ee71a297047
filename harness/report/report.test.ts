import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { chromium } from 'playwright-core';
import { testNeeding } from '../../scripts/requirements.ts';
import { LONG_CHAIN, OVERVIEW, type SampleOptions, sampleRun } from '../charts/fixtures/sample-run.ts';
import type { RunRecord } from '../records.ts';
import { writeReport } from './report.ts';

const HOSTILE = '</script><script>document.title = "taken over"</script><img src="http://127.0.0.1:9/x">';
const ABSENT: RunRecord = { kind: 'absent', platform: 'temporal', code: 'PLATFORM_UNAVAILABLE', why: `expected a server, got ${HOSTILE}` };

async function runFolder(t: ExecutionContext, options: SampleOptions): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'report-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const { manifest, records } = sampleRun({ rounds: 6, ...options });
  await writeFile(join(dir, 'manifest.json'), JSON.stringify(manifest));
  await writeFile(join(dir, 'records.jsonl'), records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  return dir;
}

test('a report is a page, and an SVG and a PNG for each figure', async (t) => {
  const dir = await runFolder(t, { workloads: LONG_CHAIN });
  const { html, figures } = await writeReport(dir);
  t.is(html, join(dir, 'report.html'));
  t.deepEqual(
    (await readdir(join(dir, 'figures'))).map((name) => join(dir, 'figures', name)),
    figures.toSorted(),
  );
  t.true(figures.includes(join(dir, 'figures', 'chain-length-payload-8-b-total.svg')));
});

test('a report written again holds no figure of the one before', async (t) => {
  const dir = await runFolder(t, { workloads: LONG_CHAIN });
  await writeReport(dir);
  await writeFile(join(dir, 'figures', 'old.svg'), '');
  await writeReport(dir);
  t.false((await readdir(join(dir, 'figures'))).includes('old.svg'));
});

test('what could not run, guarantees, definitions and the command line stand in the page', async (t) => {
  const dir = await runFolder(t, { records: [ABSENT], state: 'interrupted' });
  const text = await readFile((await writeReport(dir)).html, 'utf8');
  for (const part of [
    'PLATFORM_UNAVAILABLE',
    'The run was interrupted',
    'at-least-once · survives nothing · thread isolation',
    'Latency of a hop',
    'node bin/pherobench.js run overview --profile quick --seed 1',
  ]) {
    t.true(text.includes(part), part);
  }
  t.false(text.includes(HOSTILE));
});

test('a run of which nothing was measured has a report that says so', async (t) => {
  const dir = await runFolder(t, { rounds: 0, workloads: [], records: [ABSENT] });
  await writeFile(join(dir, 'records.jsonl'), `${JSON.stringify(ABSENT)}\n`);
  const { html, figures } = await writeReport(dir);
  t.deepEqual(figures, []);
  t.true((await readFile(html, 'utf8')).includes('Nothing was measured'));
});

const QUIET = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-quic'];
const FIRST = ['--no-first-run', '--disable-component-update', '--disable-sync'];

/** Opens a page with the network blocked; what it asks for, and what it complains of, is collected. */
async function open(t: ExecutionContext, executablePath: string, file: string) {
  const browser = await chromium.launch({ executablePath, args: [...QUIET, ...FIRST] });
  t.teardown(() => browser.close());
  const context = await browser.newContext({ offline: true });
  const page = await context.newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  const url = pathToFileURL(file).href;
  page.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
  await page.goto(url);
  return { page, complaints, foreign: () => requests.filter((each) => each !== url) };
}

for (const [title, workloads] of Object.entries({ 'cases that stand alone': OVERVIEW, 'a sweep': LONG_CHAIN })) {
  testNeeding('chromium', `a browser without a network draws every figure of ${title}`, async (t, found) => {
    const dir = await runFolder(t, { workloads, records: [ABSENT] });
    const { html, figures } = await writeReport(dir);
    const { page, complaints, foreign } = await open(t, found, html);
    const count = figures.length / 2;
    await page
      .locator('.plot svg.marks')
      .nth(count - 1)
      .waitFor();
    const marks = await page
      .locator('.plot svg.marks')
      .evaluateAll((plots) => plots.map((plot) => plot.querySelectorAll('.mark-symbol path, .mark-line path, .mark-rect path').length));
    t.is(marks.length, count);
    for (const drawn of marks) t.true(drawn > 3, marks.join());
    t.is(await page.title(), 'Overview – pheromone-bench');
    t.deepEqual(complaints, []);
    t.deepEqual(foreign(), []);
  });
}

testNeeding('chromium', 'a click on a heading sorts by value, a second one turns the order round', async (t, found) => {
  const dir = await runFolder(t, {});
  const { page } = await open(t, found, (await writeReport(dir)).html);
  const table = page.locator('#tables table').first();
  const column = async () =>
    (await table.locator('tbody tr td:nth-child(4)').evaluateAll((cells) => cells.map((cell) => Number(cell.dataset.sort)))) as number[];
  await table.getByRole('button', { name: 'total' }).click();
  const rising = await column();
  t.deepEqual(
    rising,
    rising.toSorted((a, b) => a - b),
  );
  await table.getByRole('button', { name: 'total' }).click();
  t.deepEqual(await column(), rising.toReversed());
});
