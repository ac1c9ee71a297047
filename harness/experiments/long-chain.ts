import type { Experiment } from '../experiment.ts';

/** Paper: section 6.2, long chains. */
export const longChain: Experiment = {
  name: 'long-chain',
  title: 'Long chain',
  question: 'How does the latency of a chain of functions grow with its length?',
  platforms: ['pheromone', 'http', 'step-functions', 'null'],
  cases: [{ workload: 'chain', sweep: { length: [2, 5, 10, 20, 50, 100, 200, 500, 1_000] } }],
  profiles: {
    quick: { warmups: 3, rounds: 20, executors: 2, budgetMs: 90_000, sweep: { length: [2, 10, 100, 1_000] } },
    standard: { warmups: 5, rounds: 100, executors: 2 },
    paper: { warmups: 10, rounds: 300, executors: 2 },
  },
};
