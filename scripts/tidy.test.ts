import test from 'ava';
import { tidyFaults } from './tidy.ts';

/** Faults of a tree with these files; imports are given as file to files. */
function faultsOf(files: Record<string, string>, imports: Record<string, string[]> = {}): string[] {
  return tidyFaults({ root: '/srv/somewhere/checkout', files: new Map(Object.entries(files)), imports: new Map(Object.entries(imports)) });
}

const clean = {
  'package.json': '{"bin":"bin/lab.js"}',
  'package-lock.json': '{}',
  'bin/lab.js': "launch('harness/cli/main.ts')",
  'harness/cli/main.ts': "import '../run.ts';",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a source file
  'harness/run.ts': 'import(new URL(`./late${ending}`, import.meta.url).href)',
  'harness/run.test.ts': "import './run.ts'",
  'harness/late.ts': "beside(import.meta.url, 'functions')",
  'harness/functions.ts': '',
  'docs/a.md': 'See [b](b.md#part), [the harness](../harness/) and [elsewhere](https://example.org).',
  'docs/b.md': '',
};
const imports = { 'harness/cli/main.ts': ['harness/run.ts'], 'harness/run.test.ts': ['harness/run.ts'] };

test('a tidy tree has no faults', (t) => {
  t.deepEqual(faultsOf(clean, imports), []);
});

const faults: readonly (readonly [title: string, files: Record<string, string>, fault: RegExp])[] = [
  ['a note to finish later', { 'bin/a.js': '// TODO: more' }, /^bin\/a\.js:1: expected finished work/],
  ['a path below a home folder', { 'docs/a.md': '\n/home/someone/x' }, /^docs\/a\.md:2: expected no path of one machine/],
  ['the path of the checkout', { 'bin/a.js': '"/srv/somewhere/checkout/x"' }, /expected no path of this machine/],
  ['the address of a registry', { '.npmrc': 'registry=https://registry.example.org/' }, /expected no address of a package registry/],
  ['a download address in the lockfile', { 'package-lock.json': '{"resolved":"x"}' }, /expected no "resolved" address/],
  [
    'a package of another system that the lockfile lacks',
    { 'package-lock.json': '{"packages":{"":{"optionalDependencies":{"a-linux-x64":"1.0.0"}}}}' },
    /expected an entry for node_modules\/a-linux-x64/,
  ],
  [
    'chance in the core',
    { 'platform/core/a.test.ts': '', 'platform/core/a.ts': 'Math.random()' },
    /a\.ts:1: expected chance as an argument/,
  ],
  ['a file for odds and ends', { 'bin/utils.js': '' }, /^bin\/utils\.js: expected a name that says/],
  ['a test without its subject', { 'harness/lost.test.ts': '' }, /expected its subject harness\/lost\.ts beside it/],
  ['a link that leads nowhere', { 'docs/c.md': '[d](d.md)' }, /^docs\/c\.md: expected a file at the link d\.md/],
  ['a file that nothing imports', { 'harness/dead.ts': '' }, /^harness\/dead\.ts: expected an import/],
  ['an entry that nothing starts', { 'platform/worker/main.ts': '' }, /^platform\/worker\/main\.ts: expected a file that starts it/],
];

for (const [title, files, fault] of faults) {
  test(`${title} is found`, (t) => {
    const found = faultsOf({ ...clean, ...files }, imports);
    t.true(
      found.some((line) => fault.test(line)),
      found.join('\n'),
    );
  });
}

test('a file that only tests import is dead, unless it is named as theirs', (t) => {
  const found = faultsOf(
    { ...clean, 'harness/sample.ts': '', 'harness/fixtures/sample.ts': '' },
    { ...imports, 'harness/run.test.ts': ['harness/sample.ts', 'harness/fixtures/sample.ts'] },
  );
  t.deepEqual(
    found.map((line) => line.split(':')[0]),
    ['harness/sample.ts'],
  );
});
