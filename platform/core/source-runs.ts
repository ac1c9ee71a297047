/** Re-execution of sources within a session: what buckets still expect of whom, what repeats itself, and what runs again. */
import { PheromoneError } from './errors.ts';
import type { AppPlan, HintPlan } from './plan.ts';
import type { Expectation, ObjectMeta, SourceRun, StartedSource } from './trigger.ts';

/** An invocation of a source, with all its runs. */
interface Work {
  readonly source: Source;
  /** Those that have begun. */
  readonly runs: Run[];
  /** Hints that nothing it sent has met. */
  readonly open: Set<Hint>;
  /** Runs that were begun or ordered; one that a dying executor cut short counts, and so does the one in its place. */
  attempts: number;
  /** Runs that were ordered and have not begun. */
  ordered: number;
  /** Runs that were begun or ordered, and have neither failed nor been cut short. */
  alive: number;
}

interface Run {
  readonly invocation: number;
  readonly work: Work;
  /** How many objects of each label it has sent. */
  readonly sent: Map<string, number>;
  hasFailed: boolean;
}

interface Hint {
  readonly plan: HintPlan;
  /** By work until when it has time, the earliest first. What is ordered to run again is not in it until it begins. */
  readonly dueMs: Map<Work, number>;
  /** The one object that it names has come. */
  isOver: boolean;
}

interface Source {
  /** Position of the function. */
  readonly fn: number;
  readonly hints: readonly Hint[];
  /** Those of whom something is expected. */
  readonly open: Set<Work>;
}

/** Who hears of an object: the triggers of its session, those of scope `app`, or, of an output, the caller. */
type Audience = 'triggers' | 'app-triggers' | 'caller';

/**
 * The sources that hints name, in one session. A run that sends what another run of the same invocation has sent
 * repeats it: the n-th object with one bucket, key and group is the same in every run, whatever its bytes, and only
 * the first to come counts. So triggers that count are told each object once, in whatever order slow runs and their
 * successors send.
 */
export class SourceRuns {
  readonly #app: AppPlan;
  readonly #sources = new Map<string, Source>();
  /** By number. */
  readonly #runs = new Map<number, Run>();

  constructor(app: AppPlan) {
    this.#app = app;
    for (const [name, plans] of Map.groupBy(app.hints, ({ source }) => source)) {
      const hints = plans.map((plan): Hint => ({ plan, dueMs: new Map(), isOver: false }));
      this.#sources.set(name, { fn: app.functionIndex.get(name)!, hints, open: new Set() });
    }
  }

  /** When `overdue` wants to be called; `Infinity`: not until something else happens. */
  get dueMs(): number {
    let earliestMs = Number.POSITIVE_INFINITY;
    for (const { hints } of this.#sources.values()) {
      for (const hint of hints) {
        for (const dueMs of hint.dueMs.values()) {
          earliestMs = Math.min(earliestMs, dueMs);
          break;
        }
      }
    }
    return earliestMs;
  }

  /** Whether something is still expected of one of these functions: then it is not over, though none of its invocations be under way. */
  isExpecting(functions: ReadonlySet<number>): boolean {
    for (const { fn, open } of this.#sources.values()) if (open.size > 0 && functions.has(fn)) return true;
    return false;
  }

  started({ fn, invocation, first }: StartedSource, nowMs: number): void {
    const source = this.#sources.get(fn);
    if (source === undefined) return;
    const work = this.#runs.get(first)?.work ?? begin(source);
    // Else it stands in for one that a dying executor cut short, which is not told.
    if (work.ordered > 0) work.ordered -= 1;
    else work.attempts += 1;
    const run = { invocation, work, sent: new Map(), hasFailed: false };
    work.runs.push(run);
    this.#runs.set(invocation, run);
    for (const hint of work.open) {
      // Taken out, so that it comes last: times of one hint are in order.
      hint.dueMs.delete(work);
      hint.dueMs.set(work, nowMs + hint.plan.timeoutMs);
    }
  }

  /** Whether nobody of the audience has been told the same of another run; to be asked once for each object. */
  isNew({ bucket, key, group, sender }: ObjectMeta, audience: Audience): boolean {
    return this.#isFirst(sender, JSON.stringify([audience, bucket, group, key]));
  }

  /** As `isNew`, for a declaration. */
  isNewDeclaration({ bucket, group, sender }: Expectation): boolean {
    return this.#isFirst(sender, JSON.stringify([bucket, group]));
  }

  /** The bucket has got something of a run; `key` of an object, `undefined` of a declaration. */
  came(bucket: string, key: string | undefined, sender: SourceRun | undefined): void {
    const work = this.#workOf(sender);
    if (work === undefined) return;
    for (const hint of work.source.hints) {
      if (hint.plan.bucket !== bucket || (hint.plan.key !== undefined && hint.plan.key !== key)) continue;
      if (hint.plan.key === undefined) {
        meet(work, hint);
      } else {
        hint.isOver = true;
        for (const other of work.source.open) meet(other, hint);
      }
    }
  }

  /**
   * A run has failed. Returns its number if it is to run again, none where another run of its invocation is under way
   * or has ended well, and `undefined` where the session fails: not a run of a source, or it has had its attempts.
   */
  failed(invocation: number): readonly number[] | undefined {
    const run = this.#runs.get(invocation);
    if (run === undefined) return undefined;
    if (run.hasFailed) return [];
    run.hasFailed = true;
    run.work.alive -= 1;
    if (run.work.alive > 0) return [];
    return run.work.attempts < this.#app.recovery.attempts ? [order(run.work)] : undefined;
  }

  /** The runs to run again, since what they should have sent did not come in time. Throws `TOO_MANY_RERUNS` for an invocation that has had its attempts. */
  overdue(nowMs: number): readonly number[] {
    const reruns: number[] = [];
    for (const { hints } of this.#sources.values()) {
      for (const { plan, dueMs } of hints) {
        for (const [work, untilMs] of dueMs) {
          if (untilMs > nowMs) break;
          if (work.attempts >= this.#app.recovery.attempts) throw this.#tooMany(plan, work);
          reruns.push(order(work));
        }
      }
    }
    return reruns;
  }

  #workOf(sender: SourceRun | undefined): Work | undefined {
    return sender && this.#runs.get(sender.invocation)?.work;
  }

  #isFirst(sender: SourceRun | undefined, label: string): boolean {
    const run = sender && this.#runs.get(sender.invocation);
    if (run === undefined) return true;
    const count = (run.sent.get(label) ?? 0) + 1;
    run.sent.set(label, count);
    return run.work.runs.every((other) => other === run || (other.sent.get(label) ?? 0) < count);
  }

  #tooMany({ bucket, source, key, timeoutMs }: HintPlan, { attempts }: Work): PheromoneError {
    const what = key === undefined ? 'an object' : `the object "${key}"`;
    return new PheromoneError(
      'TOO_MANY_RERUNS',
      `app "${this.#app.name}": function "${source}": expected ${what} in bucket "${bucket}" within ${timeoutMs} ms of its start, got none in ${attempts} attempts`,
    );
  }
}

function begin(source: Source): Work {
  const open = new Set(source.hints.filter(({ isOver }) => !isOver));
  const work: Work = { source, runs: [], open, attempts: 0, ordered: 0, alive: 1 };
  if (open.size > 0) source.open.add(work);
  return work;
}

/** Returns the number of the run to repeat. Its time begins when the new one does. */
function order(work: Work): number {
  work.attempts += 1;
  work.ordered += 1;
  work.alive += 1;
  for (const { dueMs } of work.source.hints) dueMs.delete(work);
  return work.runs.at(-1)!.invocation;
}

function meet(work: Work, hint: Hint): void {
  hint.dueMs.delete(work);
  if (work.open.delete(hint) && work.open.size === 0) work.source.open.delete(work);
}
