/** What each primitive of table 1 comes to, found from its whole history at once instead of event by event. */
import type { Primitive } from '../app.ts';
import type { Expectation, ObjectMeta } from '../trigger.ts';

/** What a trigger was told, and when: of an object or of a declaration. */
export interface Told {
  readonly atMs: number;
  readonly object?: ObjectMeta;
  readonly expected?: Expectation;
}

export interface Outcome {
  /** The objects of each firing, in order. */
  readonly firings: (readonly ObjectMeta[])[];
  /** Objects that may still fire. */
  readonly waiting: readonly ObjectMeta[];
}

/** The outcome of a trigger's history, all windows over. Not for custom ones, nor for DynamicGroup, which waits for sources. */
export function outcomeOf(primitive: Primitive, told: readonly Told[], beganMs: number): Outcome {
  const objects = told.flatMap(({ object }) => object ?? []);
  switch (primitive.primitive) {
    case 'immediate':
      return { firings: objects.map((object) => [object]), waiting: [] };
    case 'by-name':
      return { firings: objects.filter(({ key }) => key === primitive.key).map((object) => [object]), waiting: [] };
    case 'by-set':
      return bySet(primitive.keys, objects);
    case 'by-batch-size':
      return byBatchSize(primitive.size, objects);
    case 'by-time':
      return byTime(primitive.windowMs, told, beganMs);
    case 'redundant':
      return redundant(primitive.k, primitive.n, objects);
    case 'dynamic-join':
      return dynamicJoin(told);
    default:
      throw new Error(`expected a primitive with a model, got ${primitive.primitive}`);
  }
}

/** The shortest stretch that holds all keys, then the next such. */
function bySet(keys: readonly string[], objects: readonly ObjectMeta[]): Outcome {
  const found = keys.map((key) => objects.findIndex((object) => object.key === key));
  if (found.includes(-1)) return { firings: [], waiting: found.filter((index) => index >= 0).map((index) => objects[index]!) };
  const rest = bySet(keys, objects.slice(Math.max(...found) + 1));
  return { ...rest, firings: [found.map((index) => objects[index]!), ...rest.firings] };
}

function byBatchSize(size: number, objects: readonly ObjectMeta[]): Outcome {
  const batches = Array.from({ length: Math.floor(objects.length / size) }, (_, batch) => objects.slice(batch * size, (batch + 1) * size));
  return { firings: batches, waiting: objects.slice(batches.length * size) };
}

function byTime(windowMs: number, told: readonly Told[], beganMs: number): Outcome {
  const windows = Map.groupBy(told, ({ atMs }) => Math.floor((atMs - beganMs) / windowMs));
  return { firings: [...windows.values()].map((window) => window.flatMap(({ object }) => object ?? [])), waiting: [] };
}

/** A set is a stretch of n in the objects of a group; it fires when its k-th object comes. */
function redundant(k: number, n: number, objects: readonly ObjectMeta[]): Outcome {
  const groups = Map.groupBy(objects, ({ group }) => group);
  const firings: ObjectMeta[][] = [];
  const waiting = [...groups.values()].flatMap((group) => {
    const open = group.slice(group.length - (group.length % n));
    return open.length < k ? open : [];
  });
  for (const object of objects) {
    const group = groups.get(object.group)!;
    const rank = group.indexOf(object);
    if (rank % n === k - 1) firings.push(group.slice(rank - k + 1, rank + 1));
  }
  return { firings, waiting };
}

/** A group fires with the event after which it is complete and before which it is not. */
function dynamicJoin(told: readonly Told[]): Outcome {
  const firings = told.flatMap(({ object, expected }, index) => {
    const group = object?.group ?? expected?.group ?? '';
    const after = joined(told.slice(0, index + 1), group);
    return after !== undefined && joined(told.slice(0, index), group) === undefined ? [after] : [];
  });
  return { firings, waiting: [] };
}

function joined(told: readonly Told[], group: string): readonly ObjectMeta[] | undefined {
  const keys = told.find(({ expected }) => expected?.group === group)?.expected?.keys;
  const objects = keys?.map((key) => told.find(({ object }) => object?.group === group && object.key === key)?.object);
  return objects?.every((object) => object !== undefined) ? objects : undefined;
}

/**
 * What triggers are told of what came from several runs of one invocation: of objects (or declarations) with the same
 * label the n-th of one run is the n-th of every other, and comes once. For sources that hints name.
 */
export function withoutRepetitions(told: readonly Told[], sources: readonly string[]): Told[] {
  const came = new Set<string>();
  return told.filter(({ object, expected }, index) => {
    const { session, sender, source } = (object ?? expected)!;
    if (sender === undefined || !sources.includes(source)) return true;
    const label = labelOf(told[index]!);
    const inRun = (each: Told) => {
      const one = (each.object ?? each.expected)!;
      return one.session === session && one.sender?.invocation === sender.invocation && labelOf(each) === label;
    };
    const position = told.slice(0, index).filter(inRun).length;
    const name = JSON.stringify([session, sender.first, label, position]);
    return !came.has(name) && came.add(name);
  });
}

function labelOf({ object, expected }: Told): string {
  return JSON.stringify(object ? [object.bucket, object.key, object.group] : [expected?.bucket, expected?.group]);
}
