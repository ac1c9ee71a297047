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

  /**
   * Numbers a run. `refs`: its inputs. One beyond the first attempt belongs to the earlier run with the same, or to run
   * `first` where that is known.
   */
  add({ fn, inputs, inputCount, attempt }: Started & { readonly attempt: number }, refs: readonly number[], first?: number): StartedRun {
    const invocation = this.#runs.length;
    const before = first ?? (attempt > 1 ? this.firstOf(fn, refs) : undefined) ?? invocation;
    this.#firstOf.set(workOf(fn, refs), before);
    const run = { invocation, first: before, fn, inputs, inputCount, attempt, hasFailed: false };
    this.#runs.push(run);
    return run;
  }

  /** The number of the first run of a function with these inputs. */
  firstOf(fn: number, refs: readonly number[]): number | undefined {
    return this.#firstOf.get(workOf(fn, refs));
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

/** Names what a function is started with. */
export function workOf(fn: number, refs: readonly number[]): string {
  return `${fn}:${refs.join()}`;
}

/** Numbers of entries are below 2^32, those of threads are few. */
function keyOf(thread: number, entry: EntryId): number {
  return thread * 2 ** 32 + entry;
}
