/** One run of an app's workflow, as a state machine. */
import { type AppTriggers, type StatefulTrigger, triggersOfBucket, triggersSettledBy } from './app-triggers.ts';
import type { Due } from './due-queue.ts';
import { NO_EFFECTS, type SessionEffect } from './effect.ts';
import { type ErrorCode, PheromoneError, toPheromoneError } from './errors.ts';
import { LIMITS } from './limits.ts';
import type { AppPlan } from './plan.ts';
import { isOfOneRun } from './recovery.ts';
import { SourceRuns } from './source-runs.ts';
import { type Expectation, type Firing, NO_FIRINGS, NO_RERUNS, type ObjectMeta, type StartedSource, type Trigger } from './trigger.ts';

/** How a session is asked for. */
export interface SessionRequest {
  /** Chosen by the caller of this module; unique among the sessions alive. */
  readonly session: number;
  readonly app: AppPlan;
  /** Answer with the first output, or with all of them once the session is quiet. */
  readonly answer: 'first' | 'all';
  /** On the clock of `nowMs`; `undefined`: none. */
  readonly deadlineMs: number | undefined;
}

type Phase =
  /** Invocations may be under way. */
  | 'running'
  /** None is; only the time of a trigger can start one. */
  | 'idle'
  /** Answered or failed; invocations may still be under way, and no longer count. */
  | 'ended'
  | 'released';

/** The session's state of a trigger that may wait for a time. */
interface TimedState {
  readonly trigger: StatefulTrigger;
  readonly state: Trigger;
}

/**
 * A session: the states of its triggers, its outputs, and how far it has come. Events in, effects out, as for
 * the node; what a session holds is dropped as soon as it has its answer. A trigger's state begins with the
 * first object or declaration in its bucket, or the first start of a function that it observes. A trigger that fails
 * ends the session, as does a function, unless a hint has it run again.
 */
export class Session implements Due {
  queueIndex = -1;
  readonly id: number;
  readonly triggers: AppTriggers;
  readonly #answer: 'first' | 'all';
  readonly #deadlineMs: number;
  readonly #openedMs: number;
  #phase: Phase = 'running';
  /** By slot. */
  #states: (Trigger | undefined)[] = [];
  #timed: TimedState[] = [];
  /** When the first trigger that waits for a time wants to be called; `Infinity`: none does. */
  #triggerMs = Number.POSITIVE_INFINITY;
  #outputs: ObjectMeta[] = [];
  #reruns = 0;
  /** Sources that hints may have run again; `undefined` without hints. */
  readonly #sources: SourceRuns | undefined;
  /** By slot of a DynamicGroup that has fired: the number of the next run that begins. What runs again of before is too late. */
  readonly #firedBefore: number[] = [];
  /** The number that the next run has at least. */
  #nextRun = 0;

  constructor(request: SessionRequest, triggers: AppTriggers, nowMs: number) {
    this.id = request.session;
    this.triggers = triggers;
    this.#answer = request.answer;
    this.#deadlineMs = request.deadlineMs ?? Number.POSITIVE_INFINITY;
    this.#openedMs = nowMs;
    this.#sources = triggers.app.hints.length === 0 ? undefined : new SourceRuns(triggers.app);
  }

  /** When `onTime` wants to be called; `Infinity`: not until something else happens. */
  get dueMs(): number {
    return this.#over ? Number.POSITIVE_INFINITY : Math.min(this.#deadlineMs, this.#waitsUntilMs);
  }

  get released(): boolean {
    return this.#phase === 'released';
  }

  get #over(): boolean {
    return this.#phase === 'ended' || this.#phase === 'released';
  }

  objectSent(object: ObjectMeta, nowMs: number): SessionEffect[] {
    if (this.#over) return NO_EFFECTS;
    try {
      const triggers = triggersOfBucket(this.triggers, object.bucket);
      if (this.#sources?.isNew(object, 'triggers') === false) return NO_EFFECTS;
      this.#sources?.came(object.bucket, object.key, object.sender);
      let effects = NO_EFFECTS;
      for (const trigger of triggers) {
        if (this.#isLate(trigger, object)) continue;
        const state = this.#states[trigger.slot] ?? this.#begin(trigger);
        effects = this.#addStarts(effects, trigger, state.onObject(object, nowMs));
      }
      return this.#proceed(effects);
    } catch (error) {
      return this.#failWith(error);
    }
  }

  /** Whether an object that triggers of scope `app` are to hear of repeats what another run has sent; to be asked once for each. */
  isRepetition(object: ObjectMeta): boolean {
    return this.#sources?.isNew(object, 'app-triggers') === false;
  }

  expected(expected: Expectation, nowMs: number): SessionEffect[] {
    if (this.#over) return NO_EFFECTS;
    try {
      const { bucket, source, sender } = expected;
      if (this.#sources?.isNewDeclaration(expected) === false) return NO_EFFECTS;
      this.#sources?.came(bucket, undefined, sender);
      let effects = NO_EFFECTS;
      let isWanted = false;
      for (const trigger of triggersOfBucket(this.triggers, bucket)) {
        const state = this.#states[trigger.slot] ?? this.#begin(trigger);
        if (state.onExpected === undefined) continue;
        isWanted = true;
        effects = this.#addStarts(effects, trigger, state.onExpected(expected, nowMs));
      }
      if (isWanted) return this.#proceed(effects);
      const where = `app "${this.triggers.app.name}": function "${source}"`;
      return this.fail('INVALID_ARGUMENT', `${where}: expected a bucket with a DynamicJoin to declare objects for, got "${bucket}"`);
    } catch (error) {
      return this.#failWith(error);
    }
  }

  sourceStarted(source: StartedSource, nowMs: number): SessionEffect[] {
    this.#sources?.started(source, nowMs);
    if (this.#over) return NO_EFFECTS;
    this.#nextRun = source.invocation + 1;
    try {
      for (const trigger of this.triggers.ofSource.get(source.fn) ?? []) {
        const state = this.#states[trigger.slot] ?? this.#begin(trigger);
        state.onSourceStarted?.(source, nowMs);
      }
      return this.#proceed(NO_EFFECTS);
    } catch (error) {
      return this.#failWith(error);
    }
  }

  outputSent(object: ObjectMeta): SessionEffect[] {
    if (this.#over) return NO_EFFECTS;
    if (this.#sources?.isNew(object, 'caller') === false) return NO_EFFECTS;
    if (this.#answer === 'first') return this.#end({ type: 'answer', session: this.id, outputs: [object] });
    this.#outputs.push(object);
    return NO_EFFECTS;
  }

  sourcesDone(watchSet: number, nowMs: number): SessionEffect[] {
    if (this.#over) return NO_EFFECTS;
    try {
      return this.#proceed(this.#settle(watchSet, nowMs));
    } catch (error) {
      return this.#failWith(error);
    }
  }

  quiet(nowMs: number): SessionEffect[] {
    if (this.#over) return this.#release();
    this.#phase = 'idle';
    const effects = this.sourcesDone(0, nowMs);
    return this.#finished ? this.#conclude() : effects;
  }

  onTime(nowMs: number): SessionEffect[] {
    if (this.#over) return NO_EFFECTS;
    if (this.#deadlineMs <= nowMs) return this.fail('DEADLINE_EXCEEDED', 'expected the run to be over by its deadline, and it was not');
    try {
      let effects = NO_EFFECTS;
      for (const { trigger, state } of this.#timed) {
        const dueMs = state.dueMs?.();
        if (dueMs === undefined || dueMs > nowMs) continue;
        effects = this.#addStarts(effects, trigger, state.onTime?.(nowMs) ?? NO_FIRINGS);
        const overdue = state.overdue?.(nowMs) ?? NO_RERUNS;
        effects = this.#addReruns(
          effects,
          overdue.map(({ invocation }) => invocation),
        );
      }
      effects = this.#addReruns(effects, this.#sources?.overdue(nowMs) ?? []);
      this.#proceed(effects);
      return this.#finished ? this.#conclude() : effects;
    } catch (error) {
      return this.#failWith(error);
    }
  }

  /** A run of an invocation has failed; `invocation`: its number, if it was told. */
  failed(code: ErrorCode, message: string, invocation: number | undefined): SessionEffect[] {
    if (this.#over) return NO_EFFECTS;
    const reruns = invocation !== undefined && isOfOneRun(code) ? this.#sources?.failed(invocation) : undefined;
    if (reruns === undefined) return this.fail(code, message);
    try {
      return this.#proceed(this.#addReruns(NO_EFFECTS, reruns));
    } catch (error) {
      return this.#failWith(error);
    }
  }

  fail(code: ErrorCode, message: string): SessionEffect[] {
    return this.#over ? NO_EFFECTS : this.#end({ type: 'fail', session: this.id, code, message });
  }

  /** Nothing runs, and nothing can start any more. */
  get #finished(): boolean {
    return this.#phase === 'idle' && this.#waitsUntilMs === Number.POSITIVE_INFINITY;
  }

  /** When something wants to be called that may start a function. */
  get #waitsUntilMs(): number {
    return this.#sources === undefined ? this.#triggerMs : Math.min(this.#triggerMs, this.#sources.dueMs);
  }

  /** Whether a DynamicGroup has fired already with what an invocation had sent that has been run again. */
  #isLate({ plan, slot }: StatefulTrigger, { sender }: ObjectMeta): boolean {
    return sender !== undefined && plan.definition.primitive === 'dynamic-group' && sender.first < (this.#firedBefore[slot] ?? 0);
  }

  #begin(trigger: StatefulTrigger): Trigger {
    const state = trigger.newState(this.id, this.#openedMs);
    this.#states[trigger.slot] = state;
    if (state.dueMs !== undefined) this.#timed.push({ trigger, state });
    return state;
  }

  /** Tells triggers that their sources are over, up to the first that starts a function of the set again; not those of whose sources something is expected still. */
  #settle(watchSet: number, nowMs: number): SessionEffect[] {
    const triggers = triggersSettledBy(this.triggers, watchSet);
    const watched = this.triggers.app.watchSets[watchSet]!;
    let effects = NO_EFFECTS;
    for (const trigger of triggers) {
      if (this.#sources?.isExpecting(this.triggers.app.watchSets[trigger.plan.watchSet!]!)) continue;
      const before = effects.length;
      effects = this.#addStarts(effects, trigger, this.#states[trigger.slot]?.onSourcesDone?.(this.id, nowMs) ?? NO_FIRINGS);
      if (effects.length === before) continue;
      this.#firedBefore[trigger.slot] = this.#nextRun;
      if (watched.has(trigger.plan.target)) break;
    }
    return effects;
  }

  /** Makes a list only when there is something to put in. */
  #addStarts(effects: SessionEffect[], trigger: StatefulTrigger, firings: readonly Firing[]): SessionEffect[] {
    if (firings.length === 0) return effects;
    const list = effects === NO_EFFECTS ? [] : effects;
    for (const { objects, start } of firings) {
      if (start !== false) list.push({ type: 'start', session: this.id, fn: trigger.plan.target, objects });
    }
    return list;
  }

  /** Throws `TOO_MANY_RERUNS`. */
  #addReruns(effects: SessionEffect[], invocations: readonly number[]): SessionEffect[] {
    if (invocations.length === 0) return effects;
    this.#reruns += invocations.length;
    if (this.#reruns > LIMITS.rerunsPerSession) {
      const expected = `expected triggers to have at most ${LIMITS.rerunsPerSession} invocations of the run run again`;
      throw new PheromoneError('TOO_MANY_RERUNS', `app "${this.triggers.app.name}": ${expected}, got ${this.#reruns}`);
    }
    return [...effects, ...invocations.map((invocation): SessionEffect => ({ type: 'rerun', session: this.id, invocation }))];
  }

  /** The end of an event that triggers have dealt with. */
  #proceed(effects: SessionEffect[]): SessionEffect[] {
    if (this.#timed.length > 0) {
      this.#triggerMs = this.#timed.reduce(
        (earliest, { state }) => Math.min(earliest, state.dueMs?.() ?? earliest),
        Number.POSITIVE_INFINITY,
      );
    }
    if (effects.length > 0) this.#phase = 'running';
    return effects;
  }

  #conclude(): SessionEffect[] {
    if (this.#answer === 'all') return this.#end({ type: 'answer', session: this.id, outputs: this.#outputs });
    return this.fail('NO_OUTPUT', 'expected a function of the run to send an output, and the run ended without one');
  }

  #failWith(error: unknown): SessionEffect[] {
    const { code, message } = toPheromoneError(error);
    return this.fail(code, message);
  }

  #end(word: SessionEffect): SessionEffect[] {
    const idle = this.#phase === 'idle';
    this.#phase = 'ended';
    this.#states = [];
    this.#timed = [];
    this.#outputs = [];
    return idle ? [word, ...this.#release()] : [word, { type: 'abort', session: this.id }];
  }

  #release(): SessionEffect[] {
    this.#phase = 'released';
    return [{ type: 'release', session: this.id }];
  }
}
