/**
 * What follows a function, cut into blocks. Parallel is fork and join in one, so that branches which meet again in a
 * join have to become one block, apart from those that do not.
 */
import { closure, dependenciesBySource, isAppScoped } from '../../workloads/api/graph.ts';
import {
  type Assemble,
  type Batch,
  type Dependency,
  type Group,
  type MapEach,
  targetsOf,
  type Workflow,
} from '../../workloads/api/workflow.ts';

/** What values of several places can meet in. */
export type Join = Assemble | Group | MapEach;

/** One of the things that a function's values start. */
export type Item =
  | { readonly kind: 'call'; readonly fn: string }
  | { readonly kind: 'map'; readonly d: MapEach }
  | { readonly kind: 'batch'; readonly d: Batch }
  /** One batch of them, unless it is short. */
  | { readonly kind: 'full'; readonly d: Batch }
  /** They go to a join, as they are. */
  | { readonly kind: 'value'; readonly from: string; readonly join: Join }
  /** Items that run side by side and then meet; those of an assemble in the order of its sources. */
  | { readonly kind: 'joined'; readonly join: Assemble | Group; readonly members: readonly Item[] };

/** Puts items that meet in a join together; joins in `open` are those of a block around them. */
export function blocksOf(workflow: Workflow, items: readonly Item[], open: ReadonlySet<Dependency>): readonly Item[] {
  const joins = workflow.dependencies.filter((d) => (d.pattern === 'assemble' || d.pattern === 'group') && !open.has(d));
  const blocks = [...items];
  const meet = (join: Dependency): join is Assemble | Group => {
    if (join.pattern !== 'assemble') return join.pattern === 'group' && blocks.filter((item) => has(workflow, item, join)).length > 1;
    const sources = blocks.map((item) => sourcesIn(workflow, item, join).length);
    return sources.filter((count) => count > 0).length > 1 && sum(sources) === join.from.length;
  };
  // Each round leaves fewer blocks than before.
  for (let join = joins.find(meet); join !== undefined; join = joins.find(meet)) {
    const members = blocks.filter((item) => has(workflow, item, join));
    blocks.splice(blocks.indexOf(members[0]!), 1, { kind: 'joined', join, members: inOrder(workflow, members, join) });
    for (const member of members.slice(1)) blocks.splice(blocks.indexOf(member), 1);
  }
  return blocks;
}

/** Sources of `join` that run in `item`, or whose value it is. */
export function sourcesIn(workflow: Workflow, item: Item, join: Assemble | Group): readonly string[] {
  const reached = reach(workflow, item);
  const isValue = (name: string): boolean => valuesIn(item).some((value) => value.from === name && value.join === join);
  return (join.pattern === 'assemble' ? join.from : [join.from]).filter((name) => reached.has(name) || isValue(name));
}

function has(workflow: Workflow, item: Item, join: Assemble | Group): boolean {
  return sourcesIn(workflow, item, join).length > 0;
}

function inOrder(workflow: Workflow, members: readonly Item[], join: Assemble | Group): readonly Item[] {
  if (join.pattern === 'group') return members;
  const position = (item: Item): number => join.from.indexOf(sourcesIn(workflow, item, join)[0]!);
  return members.toSorted((a, b) => position(a) - position(b));
}

/** Functions that can run in `item`. */
function reach(workflow: Workflow, item: Item): ReadonlySet<string> {
  const index = dependenciesBySource(workflow);
  const values = valuesIn(item);
  return closure(rootsOf(item), (name, reached) => {
    const isPassed = (d: Dependency): boolean =>
      d.pattern !== 'assemble' ||
      d.from.every((from) => reached.has(from) || values.some((value) => value.from === from && value.join === d));
    return (index.get(name) ?? []).filter((d) => !isAppScoped(d) && isPassed(d)).flatMap(targetsOf);
  });
}

function rootsOf(item: Item): readonly string[] {
  switch (item.kind) {
    case 'call':
      return [item.fn];
    case 'joined':
      return [item.join.to, ...item.members.flatMap(rootsOf)];
    case 'value':
      return [];
    default:
      return targetsOf(item.d);
  }
}

function valuesIn(item: Item): readonly (Item & { kind: 'value' })[] {
  if (item.kind === 'joined') return item.members.flatMap(valuesIn);
  return item.kind === 'value' ? [item] : [];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}
