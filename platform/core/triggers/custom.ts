import { PheromoneError } from '../errors.ts';
import {
  type Expectation,
  type Firing,
  NO_FIRINGS,
  NO_RERUNS,
  type ObjectMeta,
  type Rerun,
  type StartedSource,
  type Trigger,
  type TriggerFactory,
  type TriggerSetup,
} from '../trigger.ts';

/** Parts that are not called where no sources are named, and refused there, since a trigger that has them counts on it. */
const OF_SOURCES = ['onSourceStarted', 'overdue'] as const;
/** Parts that are not called in scope `app`, and refused there. */
const OF_SESSIONS = ['onSourcesDone', 'onExpected', ...OF_SOURCES] as const;
/** Parts that are of no use without others. */
const NEEDS = [
  ['dueMs', ['onTime', 'overdue']],
  ['overdue', ['dueMs']],
  ['overdue', ['onSourceStarted']],
] as const;

/**
 * A user's own trigger, held to the interface: whatever it throws or wrongly returns comes out as a
 * `PheromoneError` (`TRIGGER_FAILED`), and it can only fire with objects that this state was given, in scope `app`
 * once with each, and only have invocations run again that it was told of.
 */
export class CustomTrigger implements Trigger {
  readonly #name: string;
  readonly #trigger: Trigger;
  readonly #session: number | undefined;
  readonly onExpected?: (expected: Expectation, nowMs: number) => readonly Firing[];
  /** Objects that it may fire with. */
  readonly #given = new Set<unknown>();
  /** Invocations that it may have run again. */
  readonly #started = new Set<unknown>();

  /** `name` is the trigger's, for messages. */
  constructor(name: string, factory: TriggerFactory, setup: TriggerSetup) {
    this.#name = name;
    this.#session = setup.session;
    const trigger = this.#call('factory', () => factory(setup));
    if (typeof trigger !== 'object' || trigger === null) throw this.#fault('the factory to return a trigger', trigger);
    if (typeof trigger.onObject !== 'function') throw this.#fault('a method onObject', trigger.onObject);
    if (this.#isOfApp) this.#refuse(trigger, OF_SESSIONS, 'which scope "app" does not call');
    if (setup.sources.length === 0) this.#refuse(trigger, OF_SOURCES, "which is called where the trigger's definition names sources alone");
    for (const [method, needed] of NEEDS) {
      if (trigger[method] === undefined || needed.some((other) => trigger[other] !== undefined)) continue;
      throw this.#fault(`a method ${needed.join(' or ')} beside ${method}`, undefined);
    }
    this.#trigger = trigger;
    if (trigger.onExpected !== undefined) {
      this.onExpected = (expected, nowMs) => this.#firings('onExpected', () => trigger.onExpected?.(expected, nowMs));
    }
  }

  get #isOfApp(): boolean {
    return this.#session === undefined;
  }

  onObject(object: ObjectMeta, nowMs: number): readonly Firing[] {
    this.#given.add(object);
    return this.#firings('onObject', () => this.#trigger.onObject(object, nowMs));
  }

  onSourcesDone(session: number, nowMs: number): readonly Firing[] {
    return this.#firings('onSourcesDone', () => this.#trigger.onSourcesDone?.(session, nowMs) ?? NO_FIRINGS);
  }

  onSourceStarted(source: StartedSource, nowMs: number): void {
    this.#started.add(source.invocation);
    const result: unknown = this.#call('onSourceStarted', () => this.#trigger.onSourceStarted?.(source, nowMs));
    if (result instanceof Promise) throw this.#fault('onSourceStarted to return nothing', result);
  }

  onTime(nowMs: number): readonly Firing[] {
    const { onTime } = this.#trigger;
    const firings = onTime === undefined ? NO_FIRINGS : this.#firings('onTime', () => onTime.call(this.#trigger, nowMs));
    if (this.#trigger.overdue === undefined) this.#expectLater(nowMs, 'onTime');
    return firings;
  }

  overdue(nowMs: number): readonly Rerun[] {
    if (this.#trigger.overdue === undefined) return NO_RERUNS;
    const reruns: unknown = this.#call('overdue', () => this.#trigger.overdue?.(nowMs));
    if (!Array.isArray(reruns)) throw this.#fault('overdue to return a list of invocations', reruns);
    const copy = [...reruns].map((rerun) => ({ session: rerun?.session, invocation: rerun?.invocation }));
    const stranger = copy.find(({ session, invocation }) => session !== this.#session || !this.#started.has(invocation));
    if (stranger !== undefined) throw this.#fault('overdue to return invocations that the trigger was told of', stranger.invocation);
    this.#expectLater(nowMs, 'overdue');
    return copy;
  }

  dueMs(): number | undefined {
    const dueMs: unknown = this.#call('dueMs', () => this.#trigger.dueMs?.());
    if (dueMs === undefined || (typeof dueMs === 'number' && !Number.isNaN(dueMs))) return dueMs;
    throw this.#fault('dueMs to return a number or undefined', dueMs);
  }

  /** Else the node would call it for ever. */
  #expectLater(nowMs: number, method: string): void {
    const dueMs = this.dueMs();
    if (dueMs !== undefined && dueMs <= nowMs) throw this.#fault(`dueMs to be later than ${nowMs} after ${method}(${nowMs})`, dueMs);
  }

  #refuse(trigger: Trigger, methods: readonly (keyof Trigger)[], why: string): void {
    for (const method of methods) {
      if (trigger[method] !== undefined) throw this.#fault(`no method ${method}, ${why}`, trigger[method]);
    }
  }

  /** Calls a method that returns firings, and returns a checked copy of them: the trigger may go on using its lists. */
  #firings(method: string, call: () => unknown): readonly Firing[] {
    const firings = this.#call(method, call);
    if (!Array.isArray(firings)) throw this.#fault(`${method} to return a list of firings`, firings);
    if (firings.length === 0) return NO_FIRINGS;
    return firings.map((firing) => {
      const objects = firing?.objects;
      if (!Array.isArray(objects)) throw this.#fault(`${method} to return firings that have a list of objects`, objects);
      const start: unknown = firing.start ?? true;
      if (typeof start !== 'boolean') throw this.#fault(`${method} to return firings whose start is a boolean`, start);
      const copy = [...objects];
      const stranger = copy.findIndex((object) => !this.#take(object));
      if (stranger >= 0) throw this.#fault(`${method} to fire with objects that came to the trigger`, copy[stranger]);
      return { objects: copy, start };
    });
  }

  /** Whether the trigger may fire with an object. */
  #take(object: unknown): boolean {
    return this.#isOfApp ? this.#given.delete(object) : this.#given.has(object);
  }

  #call<T>(method: string, call: () => T): T {
    try {
      const result = call();
      // The wrong type, which the caller will say; its rejection must not go unhandled.
      if (result instanceof Promise) result.catch(() => {});
      return result;
    } catch (error) {
      const message = error instanceof Error ? error.message : typeof error === 'string' ? error : `a value of type ${typeof error}`;
      throw new PheromoneError('TRIGGER_FAILED', `trigger "${this.#name}": ${method} threw: ${message}`, { cause: error });
    }
  }

  #fault(expected: string, got: unknown): PheromoneError {
    const came = typeof got === 'number' ? got : `a value of type ${typeof got}`;
    return new PheromoneError('TRIGGER_FAILED', `trigger "${this.#name}": expected ${expected}, got ${came}`);
  }
}
