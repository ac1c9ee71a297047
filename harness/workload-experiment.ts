/** A workload by itself as an experiment, so that a new one can be run before anybody has asked a question of it. */
import type { Workload } from '../workloads/api/workload.ts';
import type { Experiment } from './experiment.ts';

/** The workload with its default parameters on the given platforms. */
export function experimentOf({ name, title, description }: Workload, platforms: readonly string[]): Experiment {
  return {
    name,
    title,
    question: description,
    platforms,
    cases: [{ workload: name, sweep: {} }],
    profiles: {
      quick: { warmups: 3, rounds: 30, executors: 2, budgetMs: 60_000 },
      standard: { warmups: 5, rounds: 100, executors: 2 },
      paper: { warmups: 10, rounds: 300, executors: 2 },
    },
  };
}
