/** What platforms declare and what running it came to, as tables. Pure. */
import type { Capabilities, Support } from '../../workloads/api/driver.ts';
import { formatSize } from '../charts/units.ts';
import { PROBES, type Probe } from './probes.ts';
import type { Cell, Column, Proof } from './prove.ts';

/** One table; the first column names the row. */
export interface Table {
  readonly title: string;
  readonly text: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export const TITLE = 'Which platform has which pattern';
const TERMS =
  'Native: a primitive of the platform. Emulated: programmed on other primitives; the lines are those of an idiomatic ' +
  'definition written by hand, without comments and blank ones. Unsupported: neither.';

/** What the words in the tables mean, and what of it has been proven. */
export function introductionTo(columns: readonly Column[]): string {
  const isProven = faultsOf(columns).length + absencesIn(columns).length === 0;
  const proof =
    'Each cell was put to the proof by a minimal workflow of the pattern: what the platform declares to have must give ' +
    'the right output, what it declares not to have must be refused.';
  return `${TERMS} ${proof} ${isProven ? 'All cells held.' : 'Cells that did not hold, or could not be tried, are marked.'}`;
}

/** All tables: the patterns, the guarantees, and for each platform what stands behind its column. */
export function tablesOf(columns: readonly Column[]): readonly Table[] {
  return [matrix(columns), guarantees(columns), ...columns.map(details)];
}

/** Every cell where a platform does not do what it declares, in one line each. */
export function faultsOf(columns: readonly Column[]): readonly string[] {
  return columns.flatMap(({ driver, cells }) =>
    cells.flatMap(({ probe, proof }) => (proof.kind === 'fault' ? [`${driver.name}, ${nameOf(probe)}: ${proof.why}`] : [])),
  );
}

/** Every platform that could not be asked, in one line each. */
export function absencesIn(columns: readonly Column[]): readonly string[] {
  return columns.flatMap(({ driver, absence }) => (absence === undefined ? [] : [`${driver.name}: not run: ${absence}`]));
}

function matrix(columns: readonly Column[]): Table {
  return {
    title: 'Patterns',
    text: 'Session: objects and counters die with their session. App: batches and windows gather over events of many calls.',
    head: ['pattern', ...columns.map(({ driver }) => driver.title)],
    rows: PROBES.map((probe, row) => [nameOf(probe), ...columns.map(({ cells }) => short(cells[row]!))]),
  };
}

function short({ support, proof }: Cell): string {
  const lines = support.kind === 'emulated' && support.lines !== undefined ? `, ${support.lines} lines` : '';
  return `${support.kind}${lines}${{ ran: '', refused: '', absent: ' (not run)', fault: ' (FAULT)' }[proof.kind]}`;
}

const ROWS: readonly (readonly [string, (capabilities: Capabilities) => string])[] = [
  [
    'largest value',
    ({ payloadLimitBytes: limit }) => (Number.isFinite(limit) ? `${formatSize(limit)} (${limit} bytes)` : 'bounded by memory'),
  ],
  ['an accepted body runs', ({ delivery }) => delivery.replaceAll('-', ' ')],
  ['an accepted run outlives', ({ durability }) => ({ none: 'nothing', process: 'a process', machine: 'the machine' })[durability]],
  ['functions are apart by', ({ isolation }) => (isolation === 'none' ? 'nothing' : isolation)],
];

function guarantees(columns: readonly Column[]): Table {
  return {
    title: 'Limits and guarantees',
    text: 'As declared; the conformance suite holds platforms to the limit. Values are bytes as the workload sees them, before the platform encodes them.',
    head: ['', ...columns.map(({ driver }) => driver.title)],
    rows: [
      ['class', ...columns.map(({ driver }) => driver.class)],
      ...ROWS.map(([name, text]) => [name, ...columns.map(({ driver }) => text(driver.capabilities))]),
    ],
  };
}

function details({ driver, cells, absence }: Column): Table {
  return {
    title: driver.title,
    text: absence === undefined ? `Platform ${driver.name}.` : `Platform ${driver.name}. Not run: ${absence}.`,
    head: ['pattern', 'is', 'with, or why not', 'definition by hand', 'proof'],
    rows: cells.map(({ probe, support, proof }) => [
      nameOf(probe),
      support.kind,
      support.kind === 'unsupported' ? support.why : support.with,
      definition(support),
      wordOf(proof),
    ]),
  };
}

function definition(support: Support): string {
  if (support.kind !== 'emulated' || support.lines === undefined) return '';
  return [`${support.lines} lines`, ...(support.definition === undefined ? [] : [support.definition])].join(': ');
}

function wordOf(proof: Proof): string {
  switch (proof.kind) {
    case 'ran':
      return 'ran';
    case 'refused':
      return 'refused, as declared';
    case 'absent':
      return 'not run';
    case 'fault':
      return `FAULT: ${proof.why}`;
  }
}

function nameOf({ pattern, scope, workflow }: Probe): string {
  return workflow.dependencies.some((d) => 'scope' in d) ? `${pattern}, ${scope}` : pattern;
}
