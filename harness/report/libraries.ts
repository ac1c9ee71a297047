/** The plotting libraries as they go into a report: minified, with the licences they ask to be handed on. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const LIBRARIES = ['vega', 'vega-lite', 'vega-embed'];

/** Source of each library for a browser, in the order in which they must run. */
export function librarySources(): readonly string[] {
  const require = createRequire(import.meta.url);
  return LIBRARIES.map((name) => {
    const build = dirname(require.resolve(name));
    const licence = readFileSync(join(build, '..', 'LICENSE'), 'utf8').replaceAll('*/', '* /');
    return `/* ${name}\n${licence}*/\n${readFileSync(join(build, `${name}.min.js`), 'utf8')}`;
  });
}
