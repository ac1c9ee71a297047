/** The runs of observed functions in one session: as executors name them, and as core does. */
import type { SourceRun } from '../core/trigger.ts';
import type { EntryId, Invocation } from '../executor/ledger.ts';

/** What an invocation is started with. */
export type Started = Pick<Invocation, 'fn' | 'inputs' | 'inputCount'>;

export interface StartedRun extends SourceRun, Started {
  readonly attempt: number;
  /** Its failure was reported. */
  hasFailed: boolean;
}

export class StartedRuns {
  /** By number. */
  readonly #runs: StartedRun[] = [];
  /** The latest run of each entry of the ledger on each thread; what a thread reports comes in order. */
  readonly #ofEntry = new Map<number, StartedRun>();
  /** The number of the first run with the same function and inputs. */
  readonly #firstOf = new Map<string, number>();

  /** Numbers a run. `refs`: its inputs; one beyond the first attempt belongs to the earlier run with the same. */
  add({ fn, inputs, inputCount, attempt }: Started & { readonly attempt: number }, refs: readonly number[]): StartedRun {
    const invocation = this.#runs.length;
    const work = `${fn}:${refs.join()}`;
    const before = attempt > 1 ? this.#firstOf.get(work) : undefined;
    if (before === undefined) this.#firstOf.set(work, invocation);
    const run = { invocation, first: before ?? invocation, fn, inputs, inputCount, attempt, hasFailed: false };
    this.#runs.push(run);
    return run;
  }

  /** From now on what the thread reports of the entry is of this run. */
  hold(thread: number, entry: EntryId, run: StartedRun): void {
    this.#ofEntry.set(keyOf(thread, entry), run);
  }

  /** The run of function `fn` that a thread names by its entry. */
  of(thread: number, entry: EntryId, fn: number): StartedRun | undefined {
    const run = this.#ofEntry.get(keyOf(thread, entry));
    return run?.fn === fn ? run : undefined;
  }

  at(invocation: number): StartedRun | undefined {
    return this.#runs[invocation];
  }
}

/** Numbers of entries are below 2^32, those of threads are few. */
function keyOf(thread: number, entry: EntryId): number {
  return thread * 2 ** 32 + entry;
}
