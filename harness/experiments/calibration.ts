import type { Experiment } from '../experiment.ts';

export const calibration: Experiment = {
  name: 'calibration',
  title: 'Calibration',
  question: 'Does the harness find a delay of which it is known how long it was?',
  platforms: ['wait', 'delay'],
  cases: [{ workload: 'chain', sweep: { length: [2] } }],
  profiles: {
    quick: { warmups: 5, rounds: 40, executors: 1 },
    standard: { warmups: 10, rounds: 200, executors: 1 },
    paper: { warmups: 20, rounds: 1_000, executors: 1 },
  },
};
