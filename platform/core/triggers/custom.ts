import { PheromoneError } from '../errors.ts';
import {
  type Expectation,
  type Firing,
  NO_FIRINGS,
  type ObjectMeta,
  type Trigger,
  type TriggerFactory,
  type TriggerSetup,
} from '../trigger.ts';

/** Parts of the interface that this node does not call yet; refused, since a trigger that has them counts on it. */
const NOT_YET_CALLED = ['onSourceStarted', 'overdue'] as const;
/** Parts that are not called in scope `app`, and refused there. */
const OF_SESSIONS = ['onSourcesDone', 'onExpected'] as const;

/**
 * A user's own trigger, held to the interface: whatever it throws or wrongly returns comes out as a
 * `PheromoneError` (`TRIGGER_FAILED`), and it can only fire with objects that this state was given; in scope `app`
 * once with each.
 */
export class CustomTrigger implements Trigger {
  readonly #name: string;
  readonly #trigger: Trigger;
  readonly #isOfApp: boolean;
  readonly onExpected?: (expected: Expectation, nowMs: number) => readonly Firing[];
  /** Objects that it may fire with. */
  readonly #given = new Set<unknown>();

  /** `name` is the trigger's, for messages. */
  constructor(name: string, factory: TriggerFactory, setup: TriggerSetup) {
    this.#name = name;
    this.#isOfApp = setup.session === undefined;
    const trigger = this.#call('factory', () => factory(setup));
    if (typeof trigger !== 'object' || trigger === null) throw this.#fault('the factory to return a trigger', trigger);
    if (typeof trigger.onObject !== 'function') throw this.#fault('a method onObject', trigger.onObject);
    if (trigger.dueMs !== undefined && trigger.onTime === undefined) throw this.#fault('a method onTime beside dueMs', trigger.onTime);
    for (const method of NOT_YET_CALLED) {
      if (trigger[method] !== undefined) throw this.#fault(`no method ${method}, since this node calls none yet`, trigger[method]);
    }
    if (this.#isOfApp) {
      for (const method of OF_SESSIONS) {
        if (trigger[method] !== undefined) throw this.#fault(`no method ${method}, which scope "app" does not call`, trigger[method]);
      }
    }
    this.#trigger = trigger;
    if (trigger.onExpected !== undefined) {
      this.onExpected = (expected, nowMs) => this.#firings('onExpected', () => trigger.onExpected?.(expected, nowMs));
    }
  }

  onObject(object: ObjectMeta, nowMs: number): readonly Firing[] {
    this.#given.add(object);
    return this.#firings('onObject', () => this.#trigger.onObject(object, nowMs));
  }

  onSourcesDone(session: number, nowMs: number): readonly Firing[] {
    return this.#firings('onSourcesDone', () => this.#trigger.onSourcesDone?.(session, nowMs) ?? NO_FIRINGS);
  }

  onTime(nowMs: number): readonly Firing[] {
    const firings = this.#firings('onTime', () => this.#trigger.onTime?.(nowMs));
    const dueMs = this.dueMs();
    if (dueMs !== undefined && dueMs <= nowMs) throw this.#fault(`dueMs to be later than ${nowMs} after onTime(${nowMs})`, dueMs);
    return firings;
  }

  dueMs(): number | undefined {
    const dueMs: unknown = this.#call('dueMs', () => this.#trigger.dueMs?.());
    if (dueMs === undefined || (typeof dueMs === 'number' && !Number.isNaN(dueMs))) return dueMs;
    throw this.#fault('dueMs to return a number or undefined', dueMs);
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
