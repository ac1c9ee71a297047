/**
 * What a worker node decides: sessions, buckets and triggers with state. Events in, effects out; the node's
 * threads, memory and sockets are outside.
 */
import { type AppTriggers, prepareTriggers } from './app-triggers.ts';
import { DueQueue } from './due-queue.ts';
import { type Effect, NO_EFFECTS } from './effect.ts';
import { type ErrorCode, PheromoneError } from './errors.ts';
import type { AppPlan } from './plan.ts';
import { Session, type SessionRequest } from './session.ts';
import type { ObjectMeta, TriggerFactory } from './trigger.ts';

export type { Effect, SessionRequest };

/**
 * The decisions of one worker node. Every method returns the effects of that event; the list is not to be
 * written to. Events of unknown and of released sessions have none.
 *
 * Every session gets one `answer` or one `fail`, and after it, told `quiet`, one `release`. Sources and quiet
 * are told as they stand at the time of the call, the invocations counted that earlier effects have started.
 */
export class NodeCore {
  readonly #apps = new Map<AppPlan, AppTriggers>();
  readonly #sessions = new Map<number, Session>();
  readonly #due = new DueQueue<Session>();

  /** Makes the triggers of an app known; `factories` has one entry for each custom trigger, by the trigger's name. */
  addApp(app: AppPlan, factories: ReadonlyMap<string, TriggerFactory>): void {
    this.#apps.set(app, prepareTriggers(app, factories));
  }

  /** Forgets an app; its sessions fail with `CANCELLED`. */
  removeApp(app: AppPlan): Effect[] {
    this.#apps.delete(app);
    const effects: Effect[] = [];
    for (const session of this.#sessions.values()) {
      if (session.triggers.app !== app) continue;
      effects.push(...this.#note(session, session.fail('CANCELLED', `expected app "${app.name}" to stay for the run, and it was removed`)));
    }
    return effects;
  }

  /** Throws `UNKNOWN_APP` for an app that was not added, `INTERNAL` for a session that is alive. */
  open(request: SessionRequest): Effect[] {
    const triggers = this.#apps.get(request.app);
    if (triggers === undefined) throw new PheromoneError('UNKNOWN_APP', `expected an app of this node, got "${request.app.name}"`);
    if (this.#sessions.has(request.session))
      throw new PheromoneError('INTERNAL', `expected a new session, got ${request.session}, which is alive`);
    const session = new Session(request, triggers);
    this.#sessions.set(session.id, session);
    return this.#note(session, NO_EFFECTS);
  }

  /** An object came into a bucket that has triggers with state. Unknown or ended sessions: no effect. */
  objectSent(object: ObjectMeta, nowMs: number): Effect[] {
    const session = this.#sessions.get(object.session);
    return session === undefined ? NO_EFFECTS : this.#note(session, session.objectSent(object, nowMs));
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

  /** An invocation failed. The first failure ends the session. */
  failed(session: number, code: ErrorCode, message: string): Effect[] {
    const found = this.#sessions.get(session);
    return found === undefined ? NO_EFFECTS : this.#note(found, found.fail(code, message));
  }

  /** The caller gave up. */
  cancel(session: number): Effect[] {
    return this.failed(session, 'CANCELLED', 'the caller cancelled the run');
  }

  /** Deadlines, and triggers that wait for a time. */
  onTime(nowMs: number): Effect[] {
    const effects: Effect[] = [];
    for (let session = this.#dueBy(nowMs); session !== undefined; session = this.#dueBy(nowMs)) {
      effects.push(...this.#note(session, session.onTime(nowMs)));
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

  #dueBy(nowMs: number): Session | undefined {
    const dueMs = this.#due.firstMs;
    return dueMs !== undefined && dueMs <= nowMs ? this.#due.first : undefined;
  }

  /** Keeps the node's books in step with a session that has dealt with an event. */
  #note(session: Session, effects: Effect[]): Effect[] {
    this.#due.set(session, session.dueMs);
    if (session.released) this.#sessions.delete(session.id);
    return effects;
  }
}
