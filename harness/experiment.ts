/** Experiments are data: which platforms meet on which cases, and how often. */

/** How thorough a run is. */
export const PROFILES = ['quick', 'standard', 'paper'] as const;
export type ProfileName = (typeof PROFILES)[number];

/** Values for a parameter, in the order in which they are run. */
export type Sweep = Readonly<Record<string, readonly number[]>>;

export interface Profile {
  /** Trials of each case on each platform before the first that counts. */
  readonly warmups: number;
  /** A round runs every case on every platform once. */
  readonly rounds: number;
  /** How many function bodies may compute at once, on every platform. */
  readonly executors: number;
  /** Stops after the first whole round that ends later than this. Default: none. */
  readonly budgetMs?: number;
  /** A trial that takes longer has failed. Default 30 s. */
  readonly deadlineMs?: number;
  /** Replaces the values of parameters that a case sweeps. */
  readonly sweep?: Sweep;
}

export interface ExperimentCase {
  /** Name of a workload of the catalogue. */
  readonly workload: string;
  /** Every combination of these values is a case; other parameters keep their default. */
  readonly sweep: Sweep;
}

export interface Experiment {
  /** Lower-case letters, digits and dashes; unique. */
  readonly name: string;
  readonly title: string;
  /** What the experiment is to answer. */
  readonly question: string;
  readonly platforms: readonly string[];
  readonly cases: readonly ExperimentCase[];
  readonly profiles: Readonly<Record<ProfileName, Profile>>;
}
