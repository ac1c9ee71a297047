/** A call that may take several sessions: where one fails for a reason that another may be spared, its input is run again. */
import type { ErrorCode } from '../core/errors.ts';
import type { AppPlan } from '../core/plan.ts';
import { afterFailure } from '../core/recovery.ts';
import type { Caller } from '../door/service.ts';
import { hostNowMs } from '../executor/clock.ts';
import type { NewObject } from './opening.ts';

/** The session of one attempt. */
export interface Attempt {
  giveUp(): void;
  /** Copies of what it was started with; there until the session is freed. */
  copyInputs(): readonly NewObject[];
}

/** Opens a session with these inputs and this deadline. */
export type OpenAttempt = (inputs: readonly NewObject[], deadlineMs: number | undefined, caller: Caller) => Attempt;

/**
 * Runs a call of an app; `deadlineMs`: for all attempts together, from now on. Returns a function that gives it up.
 * Throws what opening the first session throws.
 */
export function attempt(
  app: AppPlan,
  deadlineMs: number | undefined,
  open: OpenAttempt,
  inputs: readonly NewObject[],
  caller: Caller,
): () => void {
  const attempts = new Attempts(app, hostNowMs() + (deadlineMs ?? Number.POSITIVE_INFINITY), open, caller);
  attempts.begin(inputs);
  return () => attempts.giveUp();
}

/** The caller of each session, on behalf of the call's: it hears of the last one alone. */
class Attempts implements Caller {
  readonly #app: AppPlan;
  readonly #untilMs: number;
  readonly #open: OpenAttempt;
  readonly #caller: Caller;
  #count = 0;
  #current: Attempt | undefined;

  /** `untilMs`: on the host's clock. */
  constructor(app: AppPlan, untilMs: number, open: OpenAttempt, caller: Caller) {
    this.#app = app;
    this.#untilMs = untilMs;
    this.#open = open;
    this.#caller = caller;
  }

  /** Opens a session. */
  begin(inputs: readonly NewObject[]): void {
    this.#count++;
    this.#current = undefined;
    const deadlineMs = Math.min(this.#untilMs - hostNowMs(), this.#app.recovery.timeoutMs ?? Number.POSITIVE_INFINITY);
    this.#current = this.#open(inputs, deadlineMs === Number.POSITIVE_INFINITY ? undefined : Math.max(0, deadlineMs), this);
  }

  giveUp(): void {
    this.#current?.giveUp();
  }

  answered(...answer: Parameters<Caller['answered']>): void {
    this.#caller.answered(...answer);
  }

  failed(code: ErrorCode, message: string): void {
    const isTooLong = code === 'DEADLINE_EXCEEDED';
    const isCallOver = isTooLong && (this.#app.recovery.timeoutMs === undefined || hostNowMs() >= this.#untilMs);
    if (isCallOver) this.#caller.failed(code, message);
    else if (!this.#beginsAgain(code)) this.#caller.failed(code, isTooLong ? this.#tooLong() : message);
  }

  /** Without room for another session the failure of this one stands. */
  #beginsAgain(code: ErrorCode): boolean {
    if (this.#current === undefined || afterFailure(this.#app.recovery, code, this.#count) === 'give-up') return false;
    try {
      this.begin(this.#current.copyInputs());
      return true;
    } catch {
      return false;
    }
  }

  #tooLong(): string {
    const { name, recovery } = this.#app;
    return `app "${name}": expected the run to be over within ${recovery.timeoutMs} ms, and it was not in ${this.#count} attempts`;
  }
}
