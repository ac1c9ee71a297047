/** Style sheet of a report: light and dark by the reader's choice, black on white in print. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1f2328; --paper: #ffffff; --soft: #5c6570; --line: #d8dde3; --panel: #f6f8fa; --warn: #b3541e; --link: #0a5ea8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e7eb; --paper: #14171b; --soft: #9aa4b0; --line: #333a43; --panel: #1c2127; --warn: #f0a267; --link: #6cb6f5; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 78rem; color: var(--ink); background: var(--paper); font: 16px/1.55 Inter, system-ui, -apple-system, "Segoe UI", sans-serif; font-variant-numeric: tabular-nums; }
h1 { margin: 0 0 .4rem; font-size: 2rem; line-height: 1.2; letter-spacing: -.015em; }
h2 { margin: 3rem 0 1rem; padding-top: 1.2rem; border-top: 1px solid var(--line); font-size: 1.35rem; }
h3 { margin: 0; font-size: 1.05rem; }
a { color: var(--link); }
header p { margin: .15rem 0; color: var(--soft); }
header b { color: var(--ink); font-weight: 600; }
nav { margin: 1.2rem 0; display: flex; flex-wrap: wrap; gap: .4rem 1.4rem; }
.state { padding: .05rem .5rem; border: 1px solid currentColor; border-radius: 1rem; font-size: .8rem; }
.state.interrupted, .state.running { color: var(--warn); }
.warning { margin: 1rem 0; padding: .7rem 1rem; border-left: 4px solid var(--warn); background: var(--panel); }
.fine { margin: 1rem 0; padding: .7rem 1rem; border-left: 4px solid #009e73; background: var(--panel); }
.warning caption { color: var(--warn); font-weight: 600; }
figure { margin: 2.4rem 0; break-inside: avoid; }
figcaption p { margin: .15rem 0 .6rem; max-width: 44rem; color: var(--soft); font-size: .92rem; }
.plot { width: 100%; overflow-x: auto; }
.plot svg { max-width: 100%; height: auto; overflow: visible; }
.plot .error { color: var(--warn); }
.plot details[title] { right: 0; }
.table { overflow-x: auto; margin: 1.2rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; line-height: 1.4; }
caption { padding-bottom: .5rem; text-align: left; color: var(--soft); }
caption b { display: block; color: var(--ink); font-size: 1.13em; font-weight: 600; }
th, td { padding: .42rem .9rem .42rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { font-weight: 600; white-space: nowrap; }
th button { all: unset; cursor: pointer; }
th button:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
th[aria-sort=ascending] button::after { content: " ↑"; }
th[aria-sort=descending] button::after { content: " ↓"; }
.number { text-align: right; white-space: nowrap; }
td.name { min-width: 11rem; }
td small { display: block; color: var(--soft); font-size: .86em; }
.dot { width: .7em; height: .7em; margin-right: .5em; }
dt { font-weight: 600; }
dd { margin: 0 0 .7rem; max-width: 44rem; color: var(--soft); }
pre { padding: .8rem 1rem; overflow-x: auto; background: var(--panel); border: 1px solid var(--line); border-radius: 6px; font-size: .85rem; line-height: 1.45; }
footer { margin-top: 3rem; color: var(--soft); font-size: .82rem; }
#vg-tooltip-element.vg-tooltip { padding: .5rem .7rem; color: var(--ink); background: var(--panel); border: 1px solid var(--line); border-radius: 5px; font: 13px/1.4 Inter, system-ui, sans-serif; box-shadow: 0 2px 10px rgb(0 0 0 / .18); }
#vg-tooltip-element table { width: auto; font-size: inherit; }
#vg-tooltip-element td { padding: .05rem .6rem .05rem 0; border: 0; }
#vg-tooltip-element td.key { color: var(--soft); }
@media print {
  :root { color-scheme: light; --ink: #000000; --paper: #ffffff; --soft: #444444; --line: #bbbbbb; --panel: #ffffff; --warn: #8a3c0f; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav, .plot details { display: none; }
  .plot, .table { overflow: visible; }
  table { font-size: 6.5pt; }
  th, td { padding-right: .5rem; }
  th, .number small { white-space: normal; }
  td.name { min-width: 0; }
  tr { break-inside: avoid; }
}
`;
