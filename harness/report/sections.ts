/** The sections of a report, but for its figures. */
import type { Subject } from '../charts/chart.ts';
import { interval } from '../charts/encode.ts';
import { meaningOf } from '../charts/floors.ts';
import { formatSize, formatTime } from '../charts/units.ts';
import type { Manifest, Run } from '../records.ts';
import type { FloorRow } from '../summary.ts';
import { html, type Markup } from './html.ts';
import { resultsTable } from './results-table.ts';
import { table } from './table.ts';
import { type Trouble, troublesOf, warningsOf } from './troubles.ts';

/** Title, and in one line what ran where and when. */
export function headerSection({ title, experiment, profile, startedAt, state, machine }: Manifest): Markup {
  const when = startedAt.slice(0, 16).replace('T', ' ');
  return html`<header>
<h1>${title}</h1>
<p>Experiment <b>${experiment}</b>, profile <b>${profile}</b>, ${when} UTC, <span class="state ${state}">${state}</span></p>
<p>${machine.cpu}, ${machine.cores} cores, ${formatSize(machine.memoryBytes)}, ${machine.os} ${machine.kernel}, Node ${machine.node.replace(/^v/, '')}</p>
</header>`;
}

/** Warnings and troubles, ahead of every number; says so if there are none. */
export function troublesSection(run: Run): Markup {
  const troubles = troublesOf(run);
  const warnings = warningsOf(run).map((warning) => html`<p class="warning">${warning}</p>`);
  if (troubles.length === 0 && warnings.length === 0)
    return html`<p class="fine">Every platform ran, and the output of every trial was right.</p>`;
  if (troubles.length === 0) return html`${warnings}`;
  const list = table<Trouble>(
    'What could not run, and what went wrong',
    [
      { title: 'platform', cell: ({ platform }) => platform, sort: ({ platform }) => platform },
      { title: 'what', cell: ({ kind }) => kind, sort: ({ kind }) => kind },
      { title: 'where', cell: ({ what }) => what || 'everywhere' },
      { title: 'code', cell: ({ code }) => html`<code>${code}</code>`, sort: ({ code }) => code },
      { title: 'why', cell: ({ why }) => why },
      { title: 'times', cell: ({ count }) => count, sort: ({ count }) => count },
    ],
    troubles,
  );
  return html`${warnings}<section id="troubles" class="warning">${list}</section>`;
}

/** What each platform is and promises. */
export function platformsSection({ run, styles }: Subject): Markup {
  const list = table<Manifest['platforms'][number]>(
    'Guarantees differ: a platform that writes every step to disk does work that others leave out.',
    [
      {
        title: 'platform',
        cell: ({ name, title }) => {
          const colour = styles.find((style) => style.name === name)?.colour ?? '';
          return html`<svg class="dot" viewBox="0 0 10 10" aria-hidden="true"><circle cx="5" cy="5" r="5" fill="${colour}"/></svg>${title}`;
        },
        sort: ({ title }) => title,
      },
      { title: 'class', cell: (platform) => platform.class, sort: (platform) => platform.class },
      { title: 'version', cell: ({ version }) => version },
      { title: 'delivery', cell: ({ delivery }) => delivery, sort: ({ delivery }) => delivery },
      { title: 'durability', cell: ({ durability }) => durability, sort: ({ durability }) => durability },
      { title: 'isolation', cell: ({ isolation }) => isolation, sort: ({ isolation }) => isolation },
    ],
    run.manifest.platforms,
  );
  return html`<section id="platforms"><h2>Platforms</h2>${list}</section>`;
}

/** One table a workload, and the floors. */
export function tablesSection(subject: Subject): Markup {
  const { workloads } = subject.run.manifest;
  const floors = table<FloorRow>(
    'Floors, sampled between the trials',
    [
      { title: 'floor', cell: ({ floor }) => html`${floor} <small>${meaningOf(floor)}</small>`, sort: ({ floor }) => floor },
      { title: 'samples', cell: ({ n }) => n, sort: ({ n }) => n },
      {
        title: 'median',
        cell: ({ median, ciLow, ciHigh }) => html`${formatTime(median)} <small>${interval(ciLow, ciHigh)}</small>`,
        sort: ({ median }) => median,
      },
      { title: 'p95', cell: ({ p95 }) => formatTime(p95), sort: ({ p95 }) => p95 },
      { title: 'least', cell: ({ min }) => formatTime(min), sort: ({ min }) => min },
    ],
    subject.floors,
  );
  return html`<section id="tables"><h2>Tables</h2>${workloads.map((each) => resultsTable(subject, each))}${subject.floors.length > 0 && floors}</section>`;
}

const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/** What to type in a checkout, or where there is none, beside the installed package; the seed is spelt out. */
function commandsOf({ commandLine, seed, source }: Manifest): readonly string[] {
  const [program = '', ...given] = commandLine;
  const words = given.includes('--seed') ? given : [...given, '--seed', String(seed)];
  if (source.commit === undefined) return [['npx', program, ...words].map(quoted).join(' ')];
  return [`git checkout ${quoted(source.commit)}`, 'npm ci', ['node', `bin/${program}.js`, ...words].map(quoted).join(' ')];
}

/** The command line, what it ran on, and the whole manifest. */
export function reproduceSection({ manifest }: Run): Markup {
  return html`<section id="reproduce"><h2>How to reproduce</h2>
<pre><code>${commandsOf(manifest).join('\n')}</code></pre>
<p>The same seed gives the same inputs and the same order of platforms.</p>
<details><summary>Manifest</summary><pre><code>${JSON.stringify(manifest, null, 2)}</code></pre></details></section>`;
}
