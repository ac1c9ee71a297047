/** The report as one HTML file that needs nothing beside it: no network, no other file. */
import type { Chart, Subject } from '../charts/chart.ts';
import { PAGE, themed } from '../charts/theme.ts';
import { BROWSER_SCRIPT } from './browser.ts';
import { html, inlineJson, inlineScript, Markup } from './html.ts';
import { librarySources } from './libraries.ts';
import { methodSection } from './method.ts';
import { headerSection, platformsSection, reproduceSection, tablesSection, troublesSection } from './sections.ts';
import { STYLE } from './style.ts';

/** Forbids every request, and every script but those in the file. */
const POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:";

function figure({ id, title, caption }: Chart): Markup {
  return html`<figure id="${id}"><figcaption><h3>${title}</h3><p>${caption}</p></figcaption><div class="plot"></div></figure>`;
}

/** The whole document. */
export function page(subject: Subject, charts: readonly Chart[]): string {
  const { run } = subject;
  const specs = charts.map((chart) => ({ id: chart.id, spec: themed(chart, PAGE) }));
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${run.manifest.title} – pheromone-bench</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
${headerSection(run.manifest)}
<nav><a href="#platforms">Platforms</a><a href="#figures">Figures</a><a href="#tables">Tables</a><a href="#method">What the numbers mean</a><a href="#reproduce">How to reproduce</a></nav>
${troublesSection(run)}
${platformsSection(subject)}
<section id="figures"><h2>Figures</h2>
<noscript><p class="warning">The figures are drawn by a script. Without one, see the folder “figures” beside this file.</p></noscript>
${charts.length === 0 ? html`<p class="warning">Nothing was measured, so there is nothing to draw.</p>` : charts.map(figure)}</section>
${tablesSection(subject)}
${methodSection()}
${reproduceSection(run)}
<footer>pheromone-bench ${run.manifest.source.version}. Figures by Vega, Vega-Lite and Vega-Embed, whose licences stand in this file.</footer>
<script type="application/json" id="charts">${inlineJson(specs)}</script>
${[...librarySources(), BROWSER_SCRIPT].map(inlineScript)}
</body>
</html>
`;
  return document.text;
}
