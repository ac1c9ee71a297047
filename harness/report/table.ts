/** Tables whose columns sort at a click. */
import { type Content, html, type Markup } from './html.ts';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => Content;
  /** What to sort by; numbers stand at the right. Without it the column does not sort. */
  readonly sort?: (row: Row) => number | string | undefined;
}

/** One table; the caption says what the rows are. */
export function table<Row>(caption: Content, columns: readonly Column<Row>[], rows: readonly Row[]): Markup {
  const numeric = columns.map(({ sort }) => rows.some((row) => typeof sort?.(row) === 'number'));
  const head = columns.map(({ title, sort }, index) => {
    const label = sort ? html`<button type="button">${title}</button>` : title;
    return html`<th scope="col" class="${numeric[index] ? 'number' : ''}">${label}</th>`;
  });
  const body = rows.map((row) => {
    const cells = columns.map(
      ({ title, cell, sort }, index) =>
        html`<td class="${numeric[index] ? 'number' : title === 'platform' ? 'name' : ''}" data-sort="${sort?.(row) ?? ''}">${cell(row)}</td>`,
    );
    return html`<tr>${cells}</tr>`;
  });
  return html`<div class="table"><table><caption>${caption}</caption><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}
