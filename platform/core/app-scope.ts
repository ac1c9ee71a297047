/** The triggers of an app that gather over its sessions, as a state machine. */
import type { Due } from './due-queue.ts';
import type { AppEffect } from './effect.ts';
import { type ErrorCode, PheromoneError, toPheromoneError } from './errors.ts';
import { LIMITS } from './limits.ts';
import type { AppPlan, TriggerPlan } from './plan.ts';
import { type Firing, NO_FIRINGS, type ObjectMeta, type Trigger, type TriggerFactory } from './trigger.ts';
import { stateFactory } from './triggers/create.ts';

interface AppTrigger {
  readonly plan: TriggerPlan;
  readonly newState: () => Trigger;
  /** `undefined` after a failure, until the next object. */
  state: Trigger | undefined;
  /** What it was given, and has neither fired with nor let go of. */
  readonly held: Set<ObjectMeta>;
}

/** What came of an object. */
export interface Gathered {
  readonly effects: AppEffect[];
  /** Why the session that sent the object is to fail; `undefined`: it is not. */
  readonly fault: PheromoneError | undefined;
}

/** An object that triggers hold, and which ones do, by their names. */
export interface Holding {
  readonly object: ObjectMeta;
  readonly triggers: readonly string[];
}

/**
 * An app's triggers of scope `app`. Objects are copies that the host holds; each is dropped once the last trigger
 * of its bucket has fired with it or let go of it.
 *
 * Where a trigger fails with an object, so does the session that sent it; the bucket's other triggers keep the
 * object. What a custom trigger remembers after a failure is not to be trusted: it is given up with all it holds.
 */
export class AppScope implements Due {
  queueIndex = -1;
  readonly #app: AppPlan;
  readonly #ofBucket: ReadonlyMap<string, readonly AppTrigger[]>;
  /** Those that may wait for a time. */
  readonly #timed: readonly AppTrigger[];
  /** By a copy's reference: how many triggers hold it. */
  readonly #holders = new Map<number, number>();
  /** Copies that nobody holds any more, to be told at the end of the event. */
  #dropped: number[] = [];
  #dueMs = Number.POSITIVE_INFINITY;

  /** `factories` has one entry for each custom trigger. Throws `INVALID_APP` where one is missing, `TRIGGER_FAILED` where one fails. */
  constructor(app: AppPlan, factories: ReadonlyMap<string, TriggerFactory>, nowMs: number) {
    this.#app = app;
    const begin = (plan: TriggerPlan): AppTrigger => {
      const make = stateFactory(app.name, plan.definition, factories.get(plan.definition.name));
      const newState = () => make(undefined, nowMs);
      return { plan, newState, state: newState(), held: new Set() };
    };
    this.#ofBucket = new Map(app.buckets.map(({ name, appStateful }) => [name, appStateful.map(begin)]));
    this.#timed = [...this.#ofBucket.values()].flat().filter(({ state }) => state?.dueMs !== undefined);
  }

  /** When `onTime` wants to be called; `Infinity`: not until something else happens. */
  get dueMs(): number {
    return this.#dueMs;
  }

  /** `only`: for these triggers, by their names, because the bucket's others have dealt with it elsewhere. */
  objectSent(object: ObjectMeta, nowMs: number, only?: readonly string[]): Gathered {
    const all = this.#ofBucket.get(object.bucket) ?? [];
    const triggers = only === undefined ? all : all.filter(({ plan }) => only.includes(plan.definition.name));
    let fault = this.#refusal(object, triggers);
    if (fault !== undefined || triggers.length === 0) return { effects: [this.#drop([object.ref])], fault };
    this.#holders.set(object.ref, triggers.length);
    for (const { held } of triggers) held.add(object);
    const effects: AppEffect[] = [];
    for (const trigger of triggers) {
      try {
        trigger.state ??= trigger.newState();
        this.#fire(trigger, trigger.state.onObject(object, nowMs), effects);
      } catch (error) {
        fault ??= toPheromoneError(error);
        if (trigger.plan.definition.primitive === 'custom') this.#giveUp(trigger, error, effects);
        else this.#letGo(trigger, object);
      }
    }
    return { effects: this.#conclude(effects), fault };
  }

  onTime(nowMs: number): AppEffect[] {
    const effects: AppEffect[] = [];
    for (const trigger of this.#timed) {
      try {
        const dueMs = trigger.state?.dueMs?.();
        if (dueMs !== undefined && dueMs <= nowMs) this.#fire(trigger, trigger.state?.onTime?.(nowMs) ?? NO_FIRINGS, effects);
      } catch (error) {
        this.#giveUp(trigger, error, effects);
      }
    }
    return this.#conclude(effects);
  }

  /** What the triggers hold, in the order in which it came if references grow. */
  holdings(): Holding[] {
    const triggersOf = new Map<ObjectMeta, string[]>();
    for (const { held, plan } of [...this.#ofBucket.values()].flat()) {
      for (const object of held) triggersOf.set(object, [...(triggersOf.get(object) ?? []), plan.definition.name]);
    }
    return [...triggersOf].map(([object, triggers]) => ({ object, triggers })).sort((a, b) => a.object.ref - b.object.ref);
  }

  /** The app is removed: all copies are dropped. */
  end(): AppEffect[] {
    return this.#holders.size === 0 ? [] : [this.#drop([...this.#holders.keys()])];
  }

  /** Why an object is not taken in at all. */
  #refusal({ bucket }: ObjectMeta, triggers: readonly AppTrigger[]): PheromoneError | undefined {
    if (!this.#ofBucket.has(bucket)) return this.#fault('UNKNOWN_BUCKET', `expected a bucket of the app, got "${bucket}"`);
    const full = triggers.find(({ held }) => held.size >= LIMITS.objectsPerAppTrigger);
    if (full === undefined) return undefined;
    const { name } = full.plan.definition;
    const expected = `expected at most ${LIMITS.objectsPerAppTrigger} objects to wait, got one more`;
    return this.#fault('OVERLOADED', `trigger "${name}": ${expected}`);
  }

  #fire(trigger: AppTrigger, firings: readonly Firing[], effects: AppEffect[]): void {
    for (const { objects, start } of firings) {
      if (start !== false) effects.push({ type: 'open', app: this.#app, fn: trigger.plan.target, objects });
      for (const object of objects) this.#letGo(trigger, object);
    }
  }

  #letGo(trigger: AppTrigger, object: ObjectMeta): void {
    trigger.held.delete(object);
    const holders = this.#holders.get(object.ref)! - 1;
    if (holders > 0) {
      this.#holders.set(object.ref, holders);
    } else {
      this.#holders.delete(object.ref);
      this.#dropped.push(object.ref);
    }
  }

  #giveUp(trigger: AppTrigger, error: unknown, effects: AppEffect[]): void {
    trigger.state = undefined;
    for (const object of trigger.held) this.#letGo(trigger, object);
    effects.push({
      type: 'trigger-failed',
      app: this.#app,
      trigger: trigger.plan.definition.name,
      message: toPheromoneError(error).message,
    });
  }

  /** The end of an event that triggers have dealt with. */
  #conclude(effects: AppEffect[]): AppEffect[] {
    this.#dueMs = Number.POSITIVE_INFINITY;
    for (const trigger of this.#timed) {
      try {
        this.#dueMs = Math.min(this.#dueMs, trigger.state?.dueMs?.() ?? Number.POSITIVE_INFINITY);
      } catch (error) {
        this.#giveUp(trigger, error, effects);
      }
    }
    if (this.#dropped.length > 0) effects.push(this.#drop(this.#dropped));
    this.#dropped = [];
    return effects;
  }

  #fault(code: ErrorCode, message: string): PheromoneError {
    return new PheromoneError(code, `app "${this.#app.name}": ${message}`);
  }

  #drop(refs: readonly number[]): AppEffect {
    return { type: 'drop', app: this.#app, refs };
  }
}
