/** The cases of a run: which of them form a sweep over a parameter and which stand alone. */
import type { Manifest } from '../records.ts';
import { caseKey } from '../summary.ts';
import { formatParameter } from './units.ts';

export type Parameters = Readonly<Record<string, number>>;

/** A workload with a value for each of its parameters. */
export interface Case {
  /** Equal for equal workload and parameters, whatever the order of the parameters. */
  readonly key: string;
  readonly workload: string;
  readonly parameters: Parameters;
  /** Such as `Chain · length 2 · payload 8 B`. */
  readonly label: string;
}

/** Cases that differ in one parameter only, in rising order of it. */
export interface Sweep {
  readonly workload: string;
  readonly title: string;
  readonly parameter: string;
  /** What the other parameters stand at, such as `payload 8 B`; `''` if there are none. */
  readonly fixed: string;
  readonly cases: readonly Case[];
}

/** From this many values on, a parameter is drawn as an axis; fewer stand side by side. */
const SWEEP_VALUES = 3;

function describe(parameters: Parameters): string[] {
  return Object.entries(parameters).map(([name, value]) => formatParameter(name, value));
}

/** All cases of a run, in the order of the manifest, each once. */
export function casesOf({ workloads }: Pick<Manifest, 'workloads'>): readonly Case[] {
  const cases = workloads.flatMap(({ name, title, cases }) =>
    cases.map((parameters) => ({
      key: caseKey(name, parameters),
      workload: name,
      parameters,
      label: [title, ...describe(parameters)].join(' · '),
    })),
  );
  return [...new Map(cases.map((each) => [each.key, each])).values()];
}

function without(parameters: Parameters, name: string): Parameters {
  return Object.fromEntries(Object.entries(parameters).filter(([each]) => each !== name));
}

/** Every sweep of a run, and the cases that belong to none. */
export function splitSweeps(manifest: Pick<Manifest, 'workloads'>): {
  readonly sweeps: readonly Sweep[];
  readonly single: readonly Case[];
} {
  const cases = casesOf(manifest);
  const sweeps = manifest.workloads.flatMap(({ name: workload, title }) => {
    const own = cases.filter((each) => each.workload === workload);
    const parameters = [...new Set(own.flatMap((each) => Object.keys(each.parameters)))];
    return parameters.flatMap((parameter) => {
      const groups = Map.groupBy(
        own.filter((each) => parameter in each.parameters),
        (each) => caseKey(workload, without(each.parameters, parameter)),
      );
      return [...groups.values()]
        .filter((group) => group.length >= SWEEP_VALUES)
        .map((group) => ({
          workload,
          title,
          parameter,
          fixed: describe(without(group[0]?.parameters ?? {}, parameter)).join(', '),
          cases: group.toSorted((a, b) => parameterOf(a, parameter) - parameterOf(b, parameter)),
        }));
    });
  });
  const swept = new Set(sweeps.flatMap((sweep) => sweep.cases.map(({ key }) => key)));
  return { sweeps, single: cases.filter(({ key }) => !swept.has(key)) };
}

/** The value of a parameter that the case is known to have. */
export function parameterOf({ parameters, label }: Case, name: string): number {
  const value = parameters[name];
  if (value === undefined)
    throw new Error(`expected a parameter '${name}' in the case '${label}', got ${Object.keys(parameters).join(', ')}`);
  return value;
}
