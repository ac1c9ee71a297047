/** HTML that is safe by default: what a template takes in is escaped unless it is markup already. */

/** Text that is known to be well-formed HTML. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What a template takes in; `undefined` and `false` leave nothing behind. */
export type Content = string | number | Markup | undefined | false | readonly Content[];

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function render(content: Content): string {
  if (content === undefined || content === false) return '';
  if (content instanceof Markup) return content.text;
  if (typeof content === 'object') return content.map(render).join('');
  return String(content).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/** Template tag; use it for elements and quoted attributes, never inside a script. */
export function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return new Markup(strings.reduce((text, next, index) => text + render(contents[index - 1]) + next));
}

/** A value as JSON that can stand inside a script element: no `<` that could end it, no line separator. */
export function inlineJson(value: unknown): Markup {
  return new Markup(
    JSON.stringify(value).replace(/[<\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}

/** A program of our own or of a library inside a script element; string literals in it keep their meaning. */
export function inlineScript(source: string): Markup {
  const safe = source
    .replace(/<\/(script)/gi, '<\\/$1')
    .replace(/<!--/g, '<\\!--')
    .replace(/^\/\/# sourceMappingURL=.*$/gm, '');
  return new Markup(`<script>${safe}</script>`);
}
