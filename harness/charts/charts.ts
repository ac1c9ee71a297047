/** Which figures a run has, in the order of the report. Only what the run holds is drawn. */

import type { Metric } from '../summary.ts';
import { breakdownChart } from './breakdown.ts';
import { type Sweep, splitSweeps } from './cases.ts';
import type { Chart, Subject } from './chart.ts';
import { distributionChart } from './distribution.ts';
import { floorsChart, hopsChart } from './hops.ts';
import { idleChart } from './idle.ts';
import { sweepChart } from './sweep.ts';
import { totalsChart } from './totals.ts';

const SWEPT: readonly Metric[] = ['total', 'between', 'hop'];

/** The ends of a sweep stand for it where every case would be too many. */
function ends({ cases }: Sweep) {
  return [cases.at(0), cases.at(-1)].filter((each) => each !== undefined);
}

/** All figures of a run, none of them empty. */
export function chartsOf(subject: Subject): readonly Chart[] {
  const { sweeps, single } = splitSweeps(subject.run.manifest);
  const spread = new Map([...single, ...sweeps.flatMap(ends)].map((each) => [each.key, each]));
  return [
    totalsChart(subject, single),
    ...single.map((each) => breakdownChart(subject, each)),
    ...sweeps.flatMap((sweep) => SWEPT.map((metric) => sweepChart(subject, sweep, metric))),
    hopsChart(subject, single),
    floorsChart(subject),
    ...[...spread.values()].map((each) => distributionChart(subject, each)),
    idleChart(subject),
  ].filter((chart) => chart !== undefined);
}
