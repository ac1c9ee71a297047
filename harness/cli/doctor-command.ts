/** `pherobench doctor`: what can run on this machine, and what to install where something cannot. */
import { availableParallelism, totalmem } from 'node:os';
import Table from 'cli-table3';
import { formatSize } from '../charts/units.ts';
import { unknownName } from '../input-error.ts';
import type { DriverSource } from '../registry.ts';
import { probe } from '../run/fleet.ts';
import { usageIsKnown } from '../run/processes.ts';
import { describe } from '../run/within.ts';
import type { Setting } from '../setting.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

/** What the doctor found out about one platform. */
export interface Finding {
  readonly name: string;
  readonly title: string;
  readonly class: string;
  readonly runs: boolean;
  /** The version where it runs, else why not. */
  readonly state: string;
  /** What to do where it does not run. */
  readonly remedy: string;
}

/** Looks at one platform. A driver that cannot be loaded is a finding too. */
export async function examine(source: DriverSource): Promise<Finding> {
  try {
    const { driver, availability } = await probe(source);
    const { name, title } = driver;
    return availability.runs
      ? { name, title, class: driver.class, runs: true, state: availability.version, remedy: '' }
      : { name, title, class: driver.class, runs: false, state: availability.why, remedy: availability.remedy };
  } catch (error) {
    const state = `its driver cannot be loaded: ${describe(error).why}`;
    return { name: source.name, title: '', class: '', runs: false, state, remedy: 'npm ci' };
  }
}

/** Prints what was found. The exit code says whether all platforms of the experiment (default: all there are) run here. */
export async function doctor(setting: Setting, experiment: string | undefined, print: (text: string) => void): Promise<ExitCode> {
  const findings = await Promise.all(neededBy(setting, experiment).map(examine));
  const table = new Table({
    head: ['platform', 'title', 'class', 'here', 'version, or why not', 'what to do'],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, title, class: kind, runs, state, remedy } of findings)
    table.push([name, title, kind, runs ? 'yes' : 'no', state, remedy]);
  print(machine());
  if (findings.length > 0) print(String(table));
  const missing = findings.filter(({ runs }) => !runs).map(({ name }) => name);
  const what = experiment === undefined ? 'Every platform' : `Everything that ${experiment} needs`;
  print(missing.length === 0 ? `${what} can run here.` : `Cannot run here: ${missing.join(', ')}.`);
  return missing.length === 0 ? EXIT.fine : EXIT.incomplete;
}

function neededBy({ platforms, experiments }: Setting, name: string | undefined): readonly DriverSource[] {
  if (name === undefined) return platforms;
  const experiment = experiments.find((candidate) => candidate.name === name);
  if (experiment === undefined) {
    throw unknownName(
      'experiment',
      name,
      experiments.map((candidate) => candidate.name),
    );
  }
  return experiment.platforms.map((needed) => {
    const source = platforms.find((candidate) => candidate.name === needed);
    return source ?? { name: needed, load: () => Promise.reject(new Error('no platform of this name')) };
  });
}

function machine(): string {
  const facts = [
    `Node ${process.version}`,
    `${process.platform} ${process.arch}`,
    `${availableParallelism()} cores`,
    formatSize(totalmem()),
    usageIsKnown() ? 'idle memory and processor time can be sampled' : 'no /proc: idle memory and processor time are left out',
  ];
  return `This machine: ${facts.join(', ')}`;
}
