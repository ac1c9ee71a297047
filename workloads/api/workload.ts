/** A workload: a workflow with its parameters, its inputs and the oracle that judges every output. */
import type { Output } from './driver.ts';
import type { Workflow } from './workflow.ts';

/** A number that an experiment may vary. */
export interface Parameter {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** Such as `functions`, `B`, `ms`. */
  readonly unit: string;
  readonly meaning: string;
}

/** A value for each parameter of a workload. */
export type Parameters<P extends string = string> = Readonly<Record<P, number>>;

/** What an oracle says of one run. */
export type Verdict = { readonly ok: true } | { readonly ok: false; readonly why: string };

/** A workflow together with what to run it on and how to tell a right output from a wrong one. */
export interface Workload<P extends string = string> {
  /** Lower-case letters, digits and dashes; unique. */
  readonly name: string;
  readonly title: string;
  /** What it does and which figure or section of the paper it stands for. */
  readonly description: string;
  readonly parameters: Readonly<Record<P, Parameter>>;
  workflow(parameters: Parameters<P>): Workflow;
  /** The input of one trial: the same bytes for the same parameters and seed. */
  input(parameters: Parameters<P>, seed: number): Uint8Array;
  /** Judges the outputs of one run. More than one answer may be right (k-out-of-n, windows). */
  check(parameters: Parameters<P>, input: Uint8Array, outputs: readonly Output[]): Verdict;
  /** How many hops lie on the path from the first function to the last: what between-function latency is divided by. */
  hops?(parameters: Parameters<P>): number;
}
