/** The tables as a Markdown file, and as an HTML file that needs nothing beside it. Pure. */
import { html, Markup } from '../report/html.ts';
import { STYLE } from '../report/style.ts';
import type { Column } from './prove.ts';
import { introductionTo, TITLE, tablesOf } from './tables.ts';

/** `command` is the one that the file can be made again with. */
export function markdown(columns: readonly Column[], command: string): string {
  const sections = tablesOf(columns).map(({ title, text, head, rows }) => {
    const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(cellText).join(' | ')} |`);
    return `## ${title}\n\n${text}\n\n${lines.join('\n')}\n`;
  });
  return `# ${TITLE}\n\n${introductionTo(columns)} Made by \`${command}\`.\n\n${sections.join('\n')}`;
}

function cellText(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/** `command` is the one that the file can be made again with. */
export function page(columns: readonly Column[], command: string): string {
  const sections = tablesOf(columns).map(({ title, text, head, rows }) => {
    const body = rows.map(
      ([name, ...cells]) => html`<tr><th scope="row">${name}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>\n`,
    );
    return html`<section><h2>${title}</h2><p>${text}</p>
<div class="table"><table><thead><tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead>
<tbody>${body}</tbody></table></div></section>
`;
  });
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${TITLE}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<header><h1>${TITLE}</h1><p>${introductionTo(columns)}</p><p>Made by <code>${command}</code>.</p></header>
${sections}</body>
</html>
`.text;
}
