import type { Experiment } from '../experiment.ts';

export const overview: Experiment = {
  name: 'overview',
  title: 'Overview',
  question: 'How long do a hop, a long chain and a shuffle take on each platform?',
  platforms: ['pheromone', 'http', 'null'],
  cases: [
    { workload: 'chain', sweep: { length: [2, 100] } },
    { workload: 'word-count', sweep: {} },
  ],
  profiles: {
    quick: { warmups: 5, rounds: 60, executors: 2, budgetMs: 60_000 },
    standard: { warmups: 10, rounds: 300, executors: 2 },
    paper: { warmups: 20, rounds: 1_000, executors: 2 },
  },
};
