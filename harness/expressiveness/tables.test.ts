import { readFile } from 'node:fs/promises';
import test from 'ava';
import type { Driver, Support } from '../../workloads/api/driver.ts';
import { PLATFORMS } from '../registry.ts';
import { column, type Proof } from './prove.ts';
import { markdown } from './render.ts';

const FILE = 'docs/expressiveness.md';
const COMMAND = `pherobench expressiveness --out ${FILE}`;
const root = new URL('../../', import.meta.url);
const drivers = await Promise.all(PLATFORMS.map(({ load }) => load()));

const supportsOf = ({ capabilities: { patterns, appScope } }: Driver): readonly Support[] => [
  ...Object.values(patterns),
  ...Object.values(appScope ?? {}),
];

/** Lines of code, without comments and blank ones. */
function linesOfCode(text: string): number {
  return text.split('\n').filter((line) => !/^\s*(?:$|\/\/|\/?\*)/.test(line)).length;
}

test('The lines that a platform declares of a pattern are those of its definition by hand', async (t) => {
  for (const driver of drivers) {
    for (const support of supportsOf(driver)) {
      if (support.kind !== 'emulated' || support.definition === undefined) continue;
      const text = await readFile(new URL(support.definition, root), 'utf8');
      t.is(support.lines, linesOfCode(text), `${driver.name}: ${support.definition}`);
    }
  }
});

test('docs/expressiveness.md says what the drivers declare', async (t) => {
  const compared = drivers.filter((driver) => driver.class !== 'calibration');
  const columns = compared.map((driver) => column(driver, (_, { kind }): Proof => ({ kind: kind === 'unsupported' ? 'refused' : 'ran' })));
  t.is(await readFile(new URL(FILE, root), 'utf8'), markdown(columns, COMMAND), `make it again: ${COMMAND}`);
});
