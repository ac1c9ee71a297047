import type { Experiment } from '../experiment.ts';

/** Paper: section 6.2, data exchange. */
export const dataExchange: Experiment = {
  name: 'data-exchange',
  title: 'Data exchange',
  question: 'How does the latency between two functions grow with the data that they exchange?',
  platforms: ['pheromone', 'http', 'step-functions', 'null'],
  cases: [{ workload: 'chain', sweep: { length: [2], payloadBytes: [8, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000] } }],
  profiles: {
    quick: { warmups: 2, rounds: 20, executors: 2, budgetMs: 90_000, sweep: { payloadBytes: [8, 10_000, 1_000_000, 10_000_000] } },
    standard: { warmups: 3, rounds: 60, executors: 2 },
    paper: { warmups: 5, rounds: 200, executors: 2 },
  },
};
