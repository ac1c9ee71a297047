/** What a run is to do: an experiment under a profile, narrowed by what the user asked for. Pure. */
import type { Parameters, Workload } from '../workloads/api/workload.ts';
import { type Experiment, PROFILES, type ProfileName, type Sweep } from './experiment.ts';
import { InputError, unknownName } from './input-error.ts';
import { caseKey } from './summary.ts';

/** One workload with one value for each of its parameters. */
export interface PlannedCase {
  readonly workload: Workload;
  readonly parameters: Parameters;
}

export interface Plan {
  readonly experiment: Experiment;
  readonly profile: ProfileName;
  readonly platforms: readonly string[];
  readonly cases: readonly PlannedCase[];
  readonly warmups: number;
  readonly rounds: number;
  readonly executors: number;
  readonly budgetMs?: number;
  /** Of one trial. */
  readonly deadlineMs: number;
  readonly seed: number;
}

/** How the user narrowed an experiment. What is left out is the experiment's own. */
export interface Choices {
  readonly profile?: string;
  readonly platforms?: readonly string[];
  /** Such as `length=100` or `length=2,100`. */
  readonly parameters?: readonly string[];
  readonly rounds?: number;
  readonly seed?: number;
}

/** What there is to choose from. */
export interface Known {
  readonly workloads: readonly Workload[];
  readonly platforms: readonly string[];
}

const DEFAULT_DEADLINE_MS = 30_000;
const DEFAULT_SEED = 1;

/** Every combination of the values of a sweep. */
function combinations(sweep: Sweep): Record<string, number>[] {
  return Object.entries(sweep).reduce<Record<string, number>[]>(
    (partial, [name, values]) => partial.flatMap((chosen) => values.map((value) => ({ ...chosen, [name]: value }))),
    [{}],
  );
}

/** Reads `name=value,value`. Throws an {@link InputError}. */
function parseParameter(text: string): [string, readonly number[]] {
  const match = /^([^=]+)=(.+)$/.exec(text);
  if (match === null) throw new InputError(`--param: expected NAME=NUMBER, got "${text}"`);
  const name = match[1]!.trim();
  const values = match[2]!.split(',').map((part) => {
    const value = part.trim() === '' ? Number.NaN : Number(part);
    if (!Number.isInteger(value)) throw new InputError(`--param ${name}: expected a whole number, got "${part}"`);
    return value;
  });
  return [name, values];
}

/** Reads all `name=value,value`. Throws an {@link InputError} for a name that is given twice. */
function parseParameters(texts: readonly string[]): Sweep {
  const parsed = texts.map(parseParameter);
  const [twice] = parsed.find(([name], index) => parsed.findIndex(([other]) => other === name) !== index) ?? [];
  if (twice !== undefined) throw new InputError(`--param ${twice}: expected it once, with several values as ${twice}=1,2, got it twice`);
  return Object.fromEntries(parsed);
}

function checkRange(workload: Workload, name: string, value: number): void {
  const { min, max, unit } = workload.parameters[name]!;
  if (value < min || value > max) {
    throw new InputError(`${name} of ${workload.name}: expected ${min} to ${max} ${unit}, got ${value}`);
  }
}

function findWorkload(name: string, workloads: readonly Workload[]): Workload {
  const workload = workloads.find((candidate) => candidate.name === name);
  if (workload === undefined)
    throw unknownName(
      'workload',
      name,
      workloads.map((candidate) => candidate.name),
    );
  return workload;
}

/** Keeps those entries of `sweep` that `accepts`. */
const restrict = (sweep: Sweep, accepts: (name: string) => boolean): Sweep =>
  Object.fromEntries(Object.entries(sweep).filter(([name]) => accepts(name)));

function planCases(experiment: Experiment, profileSweep: Sweep, chosen: Sweep, workloads: readonly Workload[]): PlannedCase[] {
  const planned = new Map<string, PlannedCase>();
  for (const { workload: name, sweep } of experiment.cases) {
    const workload = findWorkload(name, workloads);
    const defaults = Object.fromEntries(Object.entries(workload.parameters).map(([parameter, { default: value }]) => [parameter, [value]]));
    const values = {
      ...defaults,
      ...sweep,
      ...restrict(profileSweep, (parameter) => parameter in sweep),
      ...restrict(chosen, (parameter) => parameter in workload.parameters),
    };
    for (const parameters of combinations(values)) {
      for (const [parameter, value] of Object.entries(parameters)) checkRange(workload, parameter, value);
      // Fixing a parameter that the experiment sweeps makes cases equal.
      planned.set(caseKey(name, parameters), { workload, parameters });
    }
  }
  return [...planned.values()];
}

function checkKnown(experiment: Experiment, choices: Choices, chosen: Sweep, known: Known): ProfileName {
  const profile = choices.profile ?? 'quick';
  if (!(profile in experiment.profiles)) throw unknownName('profile', profile, PROFILES);
  for (const platform of choices.platforms ?? experiment.platforms) {
    if (!known.platforms.includes(platform)) throw unknownName('platform', platform, known.platforms);
  }
  const names = experiment.cases.flatMap(({ workload }) => Object.keys(findWorkload(workload, known.workloads).parameters));
  for (const parameter of Object.keys(chosen)) {
    if (names.length === 0) throw new InputError(`--param ${parameter}: expected none, since ${experiment.name} has no workload`);
    if (!names.includes(parameter)) throw unknownName(`parameter of ${experiment.name}`, parameter, [...new Set(names)]);
  }
  if (choices.rounds !== undefined && !(Number.isInteger(choices.rounds) && choices.rounds >= 1)) {
    throw new InputError(`--rounds: expected a whole number from 1 up, got ${choices.rounds}`);
  }
  if (choices.seed !== undefined && !Number.isSafeInteger(choices.seed)) {
    throw new InputError(`--seed: expected a whole number, got ${choices.seed}`);
  }
  return profile as ProfileName;
}

/** Makes the plan of a run. Throws an {@link InputError} for a choice that the experiment does not have. */
export function planRun(experiment: Experiment, choices: Choices, known: Known): Plan {
  const chosen = parseParameters(choices.parameters ?? []);
  const profileName = checkKnown(experiment, choices, chosen, known);
  const profile = experiment.profiles[profileName];
  return {
    experiment,
    profile: profileName,
    platforms: [...new Set(choices.platforms ?? experiment.platforms)],
    cases: planCases(experiment, profile.sweep ?? {}, chosen, known.workloads),
    warmups: profile.warmups,
    rounds: choices.rounds ?? profile.rounds,
    executors: profile.executors,
    ...(profile.budgetMs === undefined ? {} : { budgetMs: profile.budgetMs }),
    deadlineMs: profile.deadlineMs ?? DEFAULT_DEADLINE_MS,
    seed: choices.seed ?? DEFAULT_SEED,
  };
}
