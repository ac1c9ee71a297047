/** The files of a new workload or platform, from templates. */
import { readdirSync, readFileSync } from 'node:fs';
import { contractImport, type Place, type SkeletonKind } from './place.ts';

const TEMPLATES = new URL('./templates/', import.meta.url);
const ENDING = '.template';

/** How tests are written: with ava inside this repository, with what Node brings elsewhere. */
const WITH_AVA = {
  testing: "import test from 'ava';",
  'testing-plain': "import test from 'ava';",
  t: 't',
  deepEqual: 't.deepEqual',
  notDeepEqual: 't.notDeepEqual',
  throws: 't.throws',
  notThrows: 't.notThrows',
  after: 'test.after.always',
  serial: 'test.serial(title, (t) => t.notThrowsAsync(run()));',
};
const WITH_NODE: typeof WITH_AVA = {
  testing: "import assert from 'node:assert/strict';\nimport { test } from 'node:test';",
  'testing-plain': "import { after, test } from 'node:test';",
  t: '',
  deepEqual: 'assert.deepEqual',
  notDeepEqual: 'assert.notDeepEqual',
  throws: 'assert.throws',
  notThrows: 'assert.doesNotThrow',
  after: 'after',
  serial: 'test(title, async () => void (await run()));',
};

/** Text of each file by its name. `name` is made of lower-case letters, digits and dashes. */
export function skeletonFiles(kind: SkeletonKind, name: string, place: Place): ReadonlyMap<string, string> {
  const words = name.split('-');
  const pascal = words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('');
  const values: Readonly<Record<string, string>> = {
    ...(place.isInside ? WITH_AVA : WITH_NODE),
    name,
    title: words.join(' ').replace(/^./, (letter) => letter.toUpperCase()),
    pascal,
    camel: exportNameOf(name),
  };
  const fill = (token: string): string => {
    const value = token.startsWith('api:') ? contractImport(kind, place, token.slice('api:'.length)) : values[token];
    if (value === undefined) throw new Error(`templates of ${kind}: expected a known word, got "${token}"`);
    return value;
  };
  const dir = new URL(`${kind}/`, TEMPLATES);
  return new Map(
    readdirSync(dir).map((file) => [
      file.slice(0, -ENDING.length),
      readFileSync(new URL(file, dir), 'utf8').replaceAll(/\{\{([\w:-]+)\}\}/g, (_, token: string) => fill(token)),
    ]),
  );
}

/** The name of what the skeleton's main module exports. */
export function exportNameOf(name: string): string {
  return name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}
