/** All experiments, in the order in which they are listed. */
import type { Experiment } from './experiment.ts';
import { calibration } from './experiments/calibration.ts';
import { dataExchange } from './experiments/data-exchange.ts';
import { durableEngines } from './experiments/durable-engines.ts';
import { floors } from './experiments/floors.ts';
import { longChain } from './experiments/long-chain.ts';
import { overview } from './experiments/overview.ts';

export const EXPERIMENTS: readonly Experiment[] = [overview, longChain, dataExchange, durableEngines, calibration, floors];
