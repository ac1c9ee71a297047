import type { Experiment } from '../experiment.ts';

export const floors: Experiment = {
  name: 'floors',
  title: 'Floors',
  question: 'What do a call, a hop between threads, a loopback round trip and a copy cost on this machine at least?',
  platforms: [],
  cases: [],
  profiles: {
    quick: { warmups: 2, rounds: 60, executors: 1 },
    standard: { warmups: 5, rounds: 300, executors: 1 },
    paper: { warmups: 10, rounds: 1_000, executors: 1 },
  },
};
