/**
 * What a worker node decides: sessions, buckets and triggers with state. Events in, effects out; the node's
 * threads, memory and sockets are outside.
 */
import { AppScope } from './app-scope.ts';
import { type AppTriggers, prepareTriggers } from './app-triggers.ts';
import { DueQueue } from './due-queue.ts';
import { type Effect, NO_EFFECTS } from './effect.ts';
import { type ErrorCode, PheromoneError } from './errors.ts';
import type { AppPlan } from './plan.ts';
import { Session, type SessionRequest } from './session.ts';
import type { Expectation, ObjectMeta, StartedSource, TriggerFactory } from './trigger.ts';

export type { Effect, SessionRequest };

interface App {
  readonly triggers: AppTriggers;
  readonly scope: AppScope;
}

/**
 * The decisions of one worker node. Every method returns the effects of that event; the list is not to be
 * written to. Events of unknown and of released sessions have none.
 *
 * Every session gets one `answer` or one `fail`, and after it, told `quiet`, one `release`. Sources and quiet
 * are told as they stand at the time of the call, the invocations counted that earlier effects have started.
 *
 * Triggers of scope `app` work on copies that the host takes out of sessions; every copy that is told of gets one
 * `drop` in the end.
 */
export class NodeCore {
  readonly #apps = new Map<AppPlan, App>();
  readonly #sessions = new Map<number, Session>();
  readonly #due = new DueQueue<Session | AppScope>();

  /**
   * Makes the triggers of an app known; `factories` has one entry for each custom trigger, by the trigger's name.
   * Windows of scope `app` are counted from `nowMs`. A later registration of the same name is another plan, with
   * states of its own. Throws `INVALID_APP` where a factory is missing, `TRIGGER_FAILED` where one of scope `app`
   * fails, `INTERNAL` for a plan that was added.
   */
  addApp(app: AppPlan, factories: ReadonlyMap<string, TriggerFactory>, nowMs: number): void {
    if (this.#apps.has(app)) throw new PheromoneError('INTERNAL', `expected a new app, got "${app.name}", which was added before`);
    this.#apps.set(app, { triggers: prepareTriggers(app, factories), scope: new AppScope(app, factories, nowMs) });
  }

  /** Forgets an app; its sessions fail with `CANCELLED`, and what its triggers of scope `app` hold is dropped. */
  removeApp(app: AppPlan): Effect[] {
    const found = this.#apps.get(app);
    if (found === undefined) return NO_EFFECTS;
    this.#apps.delete(app);
    this.#due.set(found.scope, Number.POSITIVE_INFINITY);
    const effects: Effect[] = found.scope.end();
    for (const session of this.#sessions.values()) {
      if (session.triggers.app !== app) continue;
      effects.push(...this.#note(session, session.fail('CANCELLED', `expected app "${app.name}" to stay for the run, and it was removed`)));
    }
    return effects;
  }

  /** Windows of the session are counted from `nowMs`. Throws `UNKNOWN_APP` for an app that was not added, `INTERNAL` for a session that is alive. */
  open(request: SessionRequest, nowMs: number): Effect[] {
    const app = this.#apps.get(request.app);
    if (app === undefined) throw new PheromoneError('UNKNOWN_APP', `expected an app of this node, got "${request.app.name}"`);
    if (this.#sessions.has(request.session))
      throw new PheromoneError('INTERNAL', `expected a new session, got ${request.session}, which is alive`);
    const session = new Session(request, app.triggers, nowMs);
    this.#sessions.set(session.id, session);
    return this.#note(session, NO_EFFECTS);
  }

  /** An object came into a bucket that has triggers with state of scope `session`. Unknown or ended sessions: no effect. */
  objectSent(object: ObjectMeta, nowMs: number): Effect[] {
    const session = this.#sessions.get(object.session);
    return session === undefined ? NO_EFFECTS : this.#note(session, session.objectSent(object, nowMs));
  }

  /**
   * An object came into a bucket that has triggers of scope `app`: `object.ref` names a copy that the host holds for
   * the app, `object.session` where it came from. What the object does wrong fails that session: `OVERLOADED` for
   * one object too many, `TRIGGER_FAILED` for one that a custom trigger fails with. Unknown app: the copy is dropped.
   */
  appObjectSent(app: AppPlan, object: ObjectMeta, nowMs: number): Effect[] {
    const found = this.#apps.get(app);
    if (found === undefined) return [{ type: 'drop', app, refs: [object.ref] }];
    const { effects, fault } = found.scope.objectSent(object, nowMs);
    this.#note(found.scope, effects);
    return fault === undefined ? effects : [...effects, ...this.failed(object.session, fault.code, fault.message)];
  }

  /** Whether an object for triggers of scope `app` repeats what another run of its sender's invocation has sent; then they are not told. To be asked once for each. */
  isRepetition(object: ObjectMeta): boolean {
    return this.#sessions.get(object.session)?.isRepetition(object) ?? false;
  }

  /** A producer has declared which objects of a group are to come. */
  expected(expected: Expectation, nowMs: number): Effect[] {
    const session = this.#sessions.get(expected.session);
    return session === undefined ? NO_EFFECTS : this.#note(session, session.expected(expected, nowMs));
  }

  /**
   * An invocation of a function that is `observed` has started; told before anything that it does. `invocation` is the
   * host's number for the run, higher than all before in the session, by which a `rerun` may name it until the
   * session's release. What the run sends and declares has it as its sender.
   */
  sourceStarted(source: StartedSource, nowMs: number): Effect[] {
    const session = this.#sessions.get(source.session);
    return session === undefined ? NO_EFFECTS : this.#note(session, session.sourceStarted(source, nowMs));
  }

  /** An object was sent as output. */
  outputSent(object: ObjectMeta): Effect[] {
    const session = this.#sessions.get(object.session);
    return session === undefined ? NO_EFFECTS : this.#note(session, session.outputSent(object));
  }

  /** No invocation of a function of watch set `watchSet` (1 and up) is under way in the session. */
  sourcesDone(session: number, watchSet: number, nowMs: number): Effect[] {
    const found = this.#sessions.get(session);
    return found === undefined ? NO_EFFECTS : this.#note(found, found.sourcesDone(watchSet, nowMs));
  }

  /** No invocation at all is under way in the session, and every event of it has been told before this one. */
  quiet(session: number, nowMs: number): Effect[] {
    const found = this.#sessions.get(session);
    return found === undefined ? NO_EFFECTS : this.#note(found, found.quiet(nowMs));
  }

  /**
   * An invocation failed; `invocation`: the number of its run, where the function is `observed`. It runs again if a
   * hint says so and there may be use in it; else the failure ends the session.
   */
  failed(session: number, code: ErrorCode, message: string, invocation?: number): Effect[] {
    const found = this.#sessions.get(session);
    return found === undefined ? NO_EFFECTS : this.#note(found, found.failed(code, message, invocation));
  }

  /** The caller gave up. */
  cancel(session: number): Effect[] {
    return this.failed(session, 'CANCELLED', 'the caller cancelled the run');
  }

  /** Deadlines, and triggers that wait for a time. */
  onTime(nowMs: number): Effect[] {
    const effects: Effect[] = [];
    for (let due = this.#dueBy(nowMs); due !== undefined; due = this.#dueBy(nowMs)) {
      effects.push(...this.#note(due, due.onTime(nowMs)));
    }
    return effects;
  }

  /** When `onTime` wants to be called; `undefined`: not until something else happens. */
  dueMs(): number | undefined {
    return this.#due.firstMs;
  }

  /** Sessions alive, those included that are answered but not yet released. */
  get sessions(): number {
    return this.#sessions.size;
  }

  #dueBy(nowMs: number): Session | AppScope | undefined {
    const dueMs = this.#due.firstMs;
    return dueMs !== undefined && dueMs <= nowMs ? this.#due.first : undefined;
  }

  /** Keeps the node's books in step with one that has dealt with an event. */
  #note(one: Session | AppScope, effects: Effect[]): Effect[] {
    this.#due.set(one, one.dueMs);
    if (one instanceof Session && one.released) this.#sessions.delete(one.id);
    return effects;
  }
}
