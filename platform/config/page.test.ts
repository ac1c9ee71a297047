import { readFileSync } from 'node:fs';
import test from 'ava';
import { configurationPage } from './page.ts';
import { SECTIONS } from './sections.ts';
import { spelled } from './setting.ts';

const committed = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');

test('docs/configuration.md is what the table of settings says', (t) => {
  t.true(committed === configurationPage(SECTIONS), 'run npm run settings');
});

test('It names every setting with its variable', (t) => {
  for (const [name, mark] of [
    ['arenaBytes', 'PHEROMONE_WORKER_ARENA_BYTES'],
    ['secretFile', 'PHEROMONE_CLUSTER_SECRET_FILE'],
  ] as const) {
    t.true(committed.includes(`\`--${spelled(name)}\` | \`${mark}\``), name);
  }
});

test('It offers no flag for a secret', (t) => {
  t.false(committed.includes('`--secret`'));
  t.true(committed.includes('PHEROMONE_CLUSTER_SECRET`'));
});
