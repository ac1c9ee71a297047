/** The program of a report in its reader's browser: draws the figures and sorts the tables. */
export const BROWSER_SCRIPT = `
'use strict';
const charts = JSON.parse(document.getElementById('charts').textContent);
const options = {
  mode: 'vega-lite',
  renderer: 'svg',
  // Expressions are interpreted, not compiled: the page forbids eval.
  ast: true,
  actions: { export: true, source: false, compiled: false, editor: false },
  tooltip: { theme: 'custom', disableDefaultStyle: false },
};
for (const { id, spec } of charts) {
  const plot = document.querySelector('#' + CSS.escape(id) + ' .plot');
  vegaEmbed(plot, spec, { ...options, downloadFileName: id }).catch((error) => {
    plot.textContent = 'This figure could not be drawn: ' + error.message;
    plot.classList.add('error');
    console.error(error);
  });
}

const compare = (a, b) => (a !== '' && b !== '' && !isNaN(a) && !isNaN(b) ? a - b : a.localeCompare(b));
for (const button of document.querySelectorAll('th button')) {
  button.addEventListener('click', () => {
    const header = button.parentElement;
    const ascending = header.getAttribute('aria-sort') !== 'ascending';
    for (const other of header.parentElement.children) other.removeAttribute('aria-sort');
    header.setAttribute('aria-sort', ascending ? 'ascending' : 'descending');
    const body = header.closest('table').tBodies[0];
    const keyOf = (row) => row.cells[header.cellIndex].dataset.sort;
    body.append(...[...body.rows].sort((a, b) => compare(keyOf(a), keyOf(b)) * (ascending ? 1 : -1)));
  });
}
`;
