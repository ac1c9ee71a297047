/** Which functions have to be over before a trigger may take it that its sources are. */
import { PheromoneError } from './errors.ts';
import { LIMITS } from './limits.ts';

/** What may start what, by positions. */
export interface Wiring {
  /** Name of the app, for messages. */
  readonly app: string;
  /** For each function the buckets that it may send to; `undefined`: any. */
  readonly sends: readonly (ReadonlySet<number> | undefined)[];
  readonly triggers: readonly WiredTrigger[];
}

export interface WiredTrigger {
  readonly name: string;
  readonly bucket: number;
  readonly target: number;
  /** Functions whose end the trigger waits for; `undefined` if it waits for none. */
  readonly sources: readonly number[] | undefined;
}

/** The watch sets of an app: set 0 is all functions, identical sets are kept once. */
export interface WatchSets {
  readonly sets: readonly ReadonlySet<number>[];
  /** For each trigger of the wiring its set, `undefined` if it has no sources. */
  readonly ofTrigger: readonly (number | undefined)[];
}

/**
 * Finds the watch set of every trigger with sources: the sources and all functions from which one of them can
 * be reached. Function f reaches g if f may send to a bucket that has a trigger with target g, or is a source
 * of such a trigger. So the set of a trigger is part of any set that holds its target. Throws `INVALID_APP`.
 */
export function findWatchSets(wiring: Wiring): WatchSets {
  const sets: ReadonlySet<number>[] = [new Set(wiring.sends.keys())];
  const known = new Map([[identity(sets[0]!), 0]]);
  const upstream = upstreamOf(wiring);
  const ofTrigger = wiring.triggers.map(({ name, sources }) => {
    if (sources === undefined) return undefined;
    const set = upstream(sources);
    const index = known.get(identity(set)) ?? sets.length;
    if (index > LIMITS.watchSetsPerApp) {
      throw new PheromoneError(
        'INVALID_APP',
        `app "${wiring.app}": trigger "${name}": expected triggers to wait for at most ${LIMITS.watchSetsPerApp} different sets of functions, got one more`,
      );
    }
    if (index === sets.length) {
      known.set(identity(set), index);
      sets.push(set);
    }
    return index;
  });
  return { sets, ofTrigger };
}

function identity(set: ReadonlySet<number>): string {
  return [...set].sort((a, b) => a - b).join();
}

/** Returns a function that gives `sources` and all functions from which one of them can be reached. */
function upstreamOf({ sends, triggers }: Wiring): (sources: readonly number[]) => ReadonlySet<number> {
  const byTarget = Map.groupBy(triggers, (trigger) => trigger.target);
  const sendAnywhere: number[] = [];
  const senders = new Map<number, number[]>();
  for (const [fn, buckets] of sends.entries()) {
    if (buckets === undefined) sendAnywhere.push(fn);
    for (const bucket of buckets ?? []) {
      const list = senders.get(bucket);
      if (list === undefined) senders.set(bucket, [fn]);
      else list.push(fn);
    }
  }
  return (sources) => {
    const found = new Set(sources);
    const buckets = new Set<number>();
    // The iterator of a Set also visits what is added on the way.
    for (const fn of found) {
      for (const trigger of byTarget.get(fn) ?? []) {
        for (const source of trigger.sources ?? []) found.add(source);
        if (buckets.has(trigger.bucket)) continue;
        if (buckets.size === 0) for (const sender of sendAnywhere) found.add(sender);
        buckets.add(trigger.bucket);
        for (const sender of senders.get(trigger.bucket) ?? []) found.add(sender);
      }
    }
    return found;
  };
}
