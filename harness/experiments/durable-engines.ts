import type { Experiment } from '../experiment.ts';

/** Not in the paper: an engine that writes every step to disk beside platforms that write none. */
export const durableEngines: Experiment = {
  name: 'durable-engines',
  title: 'Durable engines',
  question: 'What does a hop cost where every step is written to disk, and what where none is?',
  platforms: ['pheromone', 'http', 'restate-calls', 'restate-steps', 'null'],
  cases: [
    { workload: 'chain', sweep: { length: [2, 10, 50] } },
    { workload: 'word-count', sweep: {} },
  ],
  profiles: {
    quick: { warmups: 3, rounds: 30, executors: 2, budgetMs: 60_000 },
    standard: { warmups: 5, rounds: 100, executors: 2 },
    paper: { warmups: 10, rounds: 300, executors: 2 },
  },
};
