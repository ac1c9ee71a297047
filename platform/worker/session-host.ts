/** Does what core decides about sessions: opens them in memory, starts functions, answers callers, frees what they held. */

import type { AppEffect, SessionEffect } from '../core/effect.ts';
import { type ErrorCode, PheromoneError } from '../core/errors.ts';
import type { Effect, NodeCore } from '../core/node.ts';
import type { AppPlan } from '../core/plan.ts';
import type { ObjectMeta } from '../core/trigger.ts';
import { DueTimer } from '../door/due-timer.ts';
import type { Caller } from '../door/service.ts';
import type { Streams } from '../door/streams.ts';
import { hostNowMs, hostNowNs } from '../executor/clock.ts';
import { ending, QUIET, type Report } from '../executor/reports.ts';
import { SCHEDULER } from '../store/memory.ts';
import type { ObjectStore } from '../store/objects.ts';
import type { SessionTable } from '../store/sessions.ts';
import type { Trace } from '../wire/messages.ts';
import { Answers } from './answers.ts';
import type { App, Apps } from './apps.ts';
import { type Attempt, attempt, type OpenAttempt } from './attempts.ts';
import type { Executors } from './executors.ts';
import { CALLERS_INPUT, type NewObject, type OpenRequest } from './opening.ts';
import type { Publisher } from './publisher.ts';
import type { SessionState, Sessions } from './sessions.ts';
import type { HeldCopies } from './spilling/held-copies.ts';
import type { Room } from './spilling/room.ts';
import type { Spilling } from './spilling/spilling.ts';
import type { Spread } from './spread.ts';

/** What the host works with. */
export interface HostParts {
  /** What the node is called. */
  readonly self: string;
  readonly core: NodeCore;
  readonly table: SessionTable;
  readonly objects: ObjectStore;
  readonly sessions: Sessions;
  readonly apps: Apps;
  readonly appObjects: HeldCopies;
  readonly streams: Streams;
  readonly publisher: Publisher;
  readonly executors: Executors;
  readonly spilling: Spilling;
  readonly room: Room;
  /** Handles what executors have reported. */
  drain(): void;
  /** Has an end settled like one that an executor reported. */
  defer(report: Report): void;
  /** A session of the app has been freed. */
  released(app: App): void;
}

export class SessionHost {
  readonly #parts: HostParts;
  readonly #due = new DueTimer(() => this.#onTime(), hostNowMs);
  readonly #answers: Answers;
  #spread: Spread | undefined;
  #failed = 0;

  constructor(parts: HostParts) {
    this.#parts = parts;
    this.#answers = new Answers(
      parts,
      (session) => this.#spread?.traces(session) ?? [],
      (session) => this.unhold(session),
    );
  }

  /** From now on the node is part of a cluster. */
  join(spread: Spread): void {
    this.#spread = spread;
  }

  get spread(): Spread | undefined {
    return this.#spread;
  }

  /** How many sessions have failed. */
  get failed(): number {
    return this.#failed;
  }

  /** No invocation of watch set `set` is under way in the session. */
  sourcesDone(session: SessionState, set: number): void {
    if (session.guest !== undefined) session.guest.sourcesDone(session, set);
    else this.apply(this.#parts.core.sourcesDone(session.id, set, hostNowMs()));
  }

  /** No invocation is under way in the session. */
  quiet(session: SessionState): void {
    if (session.guest !== undefined) session.guest.quiet(session);
    else this.apply(this.#parts.core.quiet(session.id, hostNowMs()));
  }

  /**
   * Runs function `fn` and what follows from it, in one session or, where the app's recovery says so, in several.
   * Returns a function that gives it up; the caller then hears `CANCELLED`, unless an answer was faster. Throws
   * `UNKNOWN_FUNCTION`, `OVERLOADED`, `OUT_OF_MEMORY`, `OBJECT_TOO_LARGE`.
   */
  open(request: OpenRequest, input: Uint8Array, caller: Caller): () => void {
    return this.openWith(request, [{ bytes: input, label: CALLERS_INPUT }], caller);
  }

  /** As {@link open}, with several inputs. */
  openWith(request: OpenRequest, inputs: readonly NewObject[], caller: Caller): () => void {
    const open: OpenAttempt = (each, deadlineMs, attempts) => this.#open({ ...request, deadlineMs }, each, attempts);
    return attempt(request.app.plan, request.deadlineMs, open, inputs, caller);
  }

  #open({ app, fn: name, answer, deadlineMs, trace }: OpenRequest, inputs: readonly NewObject[], caller: Caller): Attempt {
    const { core, sessions, objects } = this.#parts;
    const fn = app.plan.functionIndex.get(name);
    if (fn === undefined)
      throw new PheromoneError('UNKNOWN_FUNCTION', `app "${app.plan.name}": expected one of its functions, got "${name}"`);
    const session = sessions.open(app, caller, trace);
    const { slot, epoch } = session;
    const add = ({ bytes, label }: NewObject): number => {
      this.#parts.room.expectFor(app.index, bytes.length);
      return objects.add(slot, epoch, bytes, label, hostNowNs());
    };
    const refs = this.#orRelease(session, () => inputs.map(add));
    const atMs = hostNowMs();
    const dueMs = deadlineMs === undefined ? undefined : atMs + deadlineMs;
    this.apply(core.open({ session: session.id, app: app.plan, answer, deadlineMs: dueMs }, atMs));
    this.#start(session, fn, refs);
    return {
      giveUp: () => {
        if (!session.over) this.apply(core.cancel(session.id));
      },
      copyInputs: () => refs.map((ref) => ({ bytes: Uint8Array.from(objects.payload(ref)), label: objects.label(ref) })),
    };
  }

  /** Does what may fail before core knows of the session; then the session is gone again. */
  #orRelease<T>(session: SessionState, action: () => T): T {
    try {
      return action();
    } catch (error) {
      this.#parts.spilling.forget(session);
      this.#parts.sessions.release(session);
      throw error;
    }
  }

  /** Does what core has decided. */
  apply(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.type === 'open' || effect.type === 'drop' || effect.type === 'trigger-failed') {
        this.#applyToApp(effect);
      } else {
        const session = this.#parts.sessions.byId(effect.session);
        if (session !== undefined) this.#applyTo(session, effect);
      }
    }
    this.#due.set(this.#parts.core.dueMs());
  }

  /** What was reported before a time came counts as come in time. */
  #onTime(): void {
    this.#parts.drain();
    this.apply(this.#parts.core.onTime(hostNowMs()));
  }

  #applyToApp(effect: AppEffect): void {
    const { app } = effect;
    switch (effect.type) {
      case 'open':
        this.#openFor(app, effect.fn, effect.objects);
        break;
      case 'drop':
        this.#parts.appObjects.drop(effect.refs);
        break;
      case 'trigger-failed':
        this.#parts.streams.callerFor(app.name).failed('TRIGGER_FAILED', effect.message);
        break;
    }
  }

  #applyTo(session: SessionState, effect: SessionEffect): void {
    switch (effect.type) {
      case 'start': {
        const refs = effect.objects.map(({ ref }) => ref);
        this.#start(session, effect.fn, refs);
        break;
      }
      case 'rerun':
        this.#runAgain(session, effect.invocation);
        break;
      case 'answer':
        this.#answer(session, effect.outputs);
        break;
      case 'fail':
        this.#failed++;
        session.caller.failed(effect.code, effect.message);
        break;
      case 'abort':
        this.abort(session);
        this.#spread?.aborted(session);
        break;
      case 'release':
        this.release(session);
        break;
    }
  }

  #runAgain(session: SessionState, invocation: number): void {
    const run = session.started?.at(invocation);
    if (run !== undefined) this.#parts.publisher.begin(session, run, run.attempt + 1);
  }

  #start(session: SessionState, fn: number, refs: readonly number[]): void {
    try {
      this.#parts.publisher.start(session, fn, refs);
    } catch (error) {
      const { code, message } = error as PheromoneError;
      this.fail(session, code, message);
    }
  }

  /** A failure that no invocation reports, of run `invocation` if it is one's: if none is under way, nobody else would tell the session's end. */
  fail(session: SessionState, code: ErrorCode, message: string, invocation?: number): void {
    const { id, slot, epoch, guest } = session;
    if (guest !== undefined) {
      guest.failed(session, code, message, invocation);
      return;
    }
    this.apply(this.#parts.core.failed(id, code, message, invocation));
    if (this.#parts.table.counter(slot, 0) === 0) this.#parts.defer(ending(QUIET, slot, epoch, 0));
  }

  /** Opens the session of a firing of app scope, with the copies that it consumes. */
  #openFor(plan: AppPlan, fn: number, objects: readonly ObjectMeta[]): void {
    const { core, apps, sessions, streams, appObjects } = this.#parts;
    const caller = streams.callerFor(plan.name);
    try {
      const session = sessions.open(apps.of(plan), caller, streams.isTraced(plan.name));
      const refs = this.#orRelease(session, () => objects.map(({ ref }) => appObjects.moveInto(session, ref)));
      this.apply(core.open({ session: session.id, app: plan, answer: 'all', deadlineMs: undefined }, hostNowMs()));
      this.#start(session, fn, refs);
    } catch (error) {
      const { code, message } = error as PheromoneError;
      caller.failed(code, message);
    }
  }

  /** Outputs whose bytes are on other nodes are brought first. */
  #answer(session: SessionState, outputs: readonly ObjectMeta[]): void {
    session.holds++;
    const refs = outputs.map(({ ref }) => ref);
    if (this.#spread === undefined) this.#answers.give(session, outputs);
    else {
      this.#spread.bring(session, refs, (error) => {
        if (error === undefined) this.#answers.give(session, outputs);
        else {
          session.caller.failed(error.code, error.message);
          this.unhold(session);
        }
      });
    }
  }

  /** What this node can tell of the session's course. */
  traceHere(session: SessionState, answeredNs: number): Trace {
    return this.#answers.trace(session, answeredNs);
  }

  /** Mostly there is nothing left to abort: the body that answered has ended by the time its answer is heard of. */
  abort({ slot, epoch }: SessionState): void {
    if (this.#parts.table.counter(slot, 0) === 0) return;
    this.#parts.table.abort(slot);
    this.#parts.table.forEachThread(slot, (thread) => {
      if (thread !== SCHEDULER) this.#parts.executors.tell(thread, { type: 'abort', slot, epoch });
    });
  }

  /** Frees what the session has here, as soon as nobody reads it any more. No invocation of it is under way. */
  release(session: SessionState): void {
    session.over = true;
    if (session.holds === 0) this.#free(session);
  }

  /** A reader outside of core, for which the session's memory was held, is done. */
  unhold(session: SessionState): void {
    session.holds--;
    if (session.over && session.holds === 0) this.#free(session);
  }

  /** Only now its guests may free what they hold of it: a reader may have been waiting for that. */
  #free(session: SessionState): void {
    this.#spread?.released(session);
    this.#parts.spilling.forget(session);
    this.#parts.sessions.release(session);
    this.#parts.room.freed();
    this.#parts.released(session.app);
    this.#spread?.freed();
  }

  stop(): void {
    this.#due.stop();
  }
}
