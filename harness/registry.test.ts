import test from 'ava';
import { WORKLOADS } from '../workloads/catalogue.ts';
import { PROFILES } from './experiment.ts';
import { EXPERIMENTS } from './experiments.ts';
import { planRun } from './plan.ts';
import { PLATFORMS } from './registry.ts';

test('every driver is registered under its own name', async (t) => {
  for (const { name, load } of PLATFORMS) t.is((await load()).name, name);
  t.is(new Set(PLATFORMS.map(({ name }) => name)).size, PLATFORMS.length);
});

test('every experiment runs on registered platforms and within the range of its parameters, under every profile', (t) => {
  const platforms = PLATFORMS.map(({ name }) => name);
  for (const experiment of EXPERIMENTS) {
    for (const profile of PROFILES) t.notThrows(() => planRun(experiment, { profile }, { workloads: WORKLOADS, platforms }));
    for (const platform of experiment.platforms) t.true(platforms.includes(platform), `${experiment.name}: ${platform}`);
  }
  t.is(new Set(EXPERIMENTS.map(({ name }) => name)).size, EXPERIMENTS.length);
});

test('the overview is chain and word count on Pheromone and two others', (t) => {
  const { cases, platforms } = planRun(EXPERIMENTS[0]!, {}, { workloads: WORKLOADS, platforms: PLATFORMS.map(({ name }) => name) });
  t.deepEqual(platforms, ['pheromone', 'http', 'null']);
  t.deepEqual(
    cases.map(({ workload, parameters }) => [workload.name, parameters.length]),
    [
      ['chain', 2],
      ['chain', 100],
      ['word-count', undefined],
    ],
  );
});
