/** How each number is defined; stands in every report. */
import { html, type Markup } from './html.ts';

const TERMS: readonly (readonly [term: string, meaning: string])[] = [
  ['Total latency', 'From the call to its result, in the harness.'],
  [
    'External latency',
    'From the call to the start of the first function body, and from the end of the last body to the result. ' +
      'Only where the platform takes its times from the clock of this machine.',
  ],
  ['Latency between functions', 'Between the start of the first body and the end of the last: the time in which no body ran.'],
  ['Compute time', 'The time in which at least one body ran.'],
  ['Latency of a hop', 'The latency between functions, divided by the number of hops on the longest path of the workflow.'],
  [
    'Floor',
    'What the machine itself charges for the bare step, sampled between the trials of the same run: ' +
      'total and external latency stand beside a loopback TCP round trip, hops beside waking a parked thread. ' +
      'A ratio to a floor carries over to other machines better than a time.',
  ],
  ['95 % interval', 'Percentile bootstrap of the median, or of the ratio of medians.'],
  [
    'Trials',
    'Platforms take turns within each round, in an order drawn anew. Warm-up trials are recorded and never counted. The output of every trial is checked; one with a wrong output is not a measurement.',
  ],
  [
    'Class',
    'Real: the platform itself. Replica: rebuilt with the published processes, messages and data path. ' +
      'Emulation: an interpreter of a cloud’s language on this machine, which is not that cloud. Calibration: no platform, a known quantity that tests the harness.',
  ],
  ['Delivery', 'How often an accepted call runs, without failures and with them.'],
  ['Durability', 'What an accepted call outlives: nothing, the death of a process, or that of the machine.'],
  ['Isolation', 'What keeps functions apart. Platforms with unequal guarantees do unequal work: compare with care.'],
];

export function methodSection(): Markup {
  const entries = TERMS.map(([term, meaning]) => html`<dt>${term}</dt><dd>${meaning}</dd>`);
  return html`<section id="method"><h2>What the numbers mean</h2><dl>${entries}</dl></section>`;
}
