/** The part of the Amazon States Language (JSONPath) that workflows are compiled to. */

/** What follows a state. */
export type Transition = { readonly Next: string } | { readonly End: true };

export interface Catcher {
  readonly ErrorEquals: readonly string[];
  readonly Next: string;
}

export type Task = Transition & {
  readonly Type: 'Task';
  readonly Resource: string;
  readonly TimeoutSeconds: number;
  readonly Catch?: readonly Catcher[];
};

export interface Test {
  readonly Variable: string;
  readonly StringEquals?: string;
  readonly IsPresent?: true;
}

export type Rule = (Test | { readonly And: readonly Test[] }) & { readonly Next: string };

export interface Choice {
  readonly Type: 'Choice';
  readonly Choices: readonly Rule[];
  readonly Default?: string;
}

export type Parallel = Transition & { readonly Type: 'Parallel'; readonly Branches: readonly Branch[] };

export type InlineMap = Transition & {
  readonly Type: 'Map';
  readonly ItemsPath?: string;
  readonly ItemProcessor: Branch & { readonly ProcessorConfig: { readonly Mode: 'INLINE' } };
};

export type Pass = Transition & {
  readonly Type: 'Pass';
  readonly Parameters?: Readonly<Record<string, string>>;
  readonly Result?: readonly never[];
};

export type State = Task | Choice | Parallel | InlineMap | Pass;

/** States of one scope: no transition leads in or out. */
export interface Branch {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

export interface Definition extends Branch {
  readonly Comment: string;
}

/** The function that makes one list for each group. No function of a workflow has a capital letter. */
export const REGROUP = 'Regroup';
/** The error of a function that emitted nothing where a value was to start the next one. */
export const NO_VALUE = 'NoValue';
