/** Questions about a workflow as a graph: who can start whom, within one session or across. Pure. */
import { type Dependency, sourcesOf, targetsOf, type Workflow } from './workflow.ts';

/** Whether `d` gathers over sessions: what it starts runs in a session of its own. */
export function isAppScoped(d: Dependency): boolean {
  return (d.pattern === 'batch' || d.pattern === 'window') && d.scope === 'app';
}

/** Whether `workflow` is fed, not invoked. */
export function isStreaming(workflow: Workflow): boolean {
  return workflow.dependencies.some(isAppScoped);
}

/** Whether `d` takes any number of values of one invocation of its source. */
export function takesMany(d: Dependency): boolean {
  return d.pattern === 'map' || d.pattern === 'batch' || d.pattern === 'window' || d.pattern === 'group';
}

/** The function that `d` starts several times and whose values it then joins, if it does so. */
export function joinedEach(d: Dependency): string | undefined {
  return (d.pattern === 'map' || d.pattern === 'k-out-of-n') && d.to !== undefined ? d.each : undefined;
}

/** Pairs of functions of which the first, by `d`, can lead to the second. */
export function edgesOf(d: Dependency): readonly (readonly [from: string, to: string])[] {
  const edges = sourcesOf(d).flatMap((from) => targetsOf(d).map((to): readonly [string, string] => [from, to]));
  if ((d.pattern === 'map' || d.pattern === 'k-out-of-n') && d.to !== undefined) edges.push([d.each, d.to]);
  return edges;
}

/** Dependencies by the function that they take values from. */
export function dependenciesBySource(workflow: Workflow): ReadonlyMap<string, readonly Dependency[]> {
  const index = new Map<string, Dependency[]>();
  for (const d of workflow.dependencies) for (const from of sourcesOf(d)) at(index, from).push(d);
  return index;
}

/** Names and all that `next` leads to from them, directly or not. */
export function closure(
  names: Iterable<string>,
  next: (name: string, reached: ReadonlySet<string>) => readonly string[],
): ReadonlySet<string> {
  const reached = new Set(names);
  // A set iterates over what is added while it is iterated over.
  for (const name of reached) for (const other of next(name, reached)) reached.add(other);
  return reached;
}

/** Functions that can run in a session that starts with `root`; an assemble is passed once all its sources are reached. */
export function reachableInSession(workflow: Workflow, root: string): ReadonlySet<string> {
  const index = dependenciesBySource(workflow);
  return closure([root], (name, reached) =>
    (index.get(name) ?? [])
      .filter((d) => !isAppScoped(d) && (d.pattern !== 'assemble' || d.from.every((from) => reached.has(from))))
      .flatMap(targetsOf),
  );
}

/** For every kind of session, that of the entry first, the functions that can run in it. */
export function sessionsOf(workflow: Workflow): readonly ReadonlySet<string>[] {
  const roots = new Set([workflow.entry]);
  const sessions: ReadonlySet<string>[] = [];
  for (const root of roots) {
    const session = reachableInSession(workflow, root);
    sessions.push(session);
    for (const d of workflow.dependencies) {
      if (isAppScoped(d) && sourcesOf(d).every((from) => session.has(from))) for (const to of targetsOf(d)) roots.add(to);
    }
  }
  return sessions;
}

/** Function `name` and all from which it can be reached within a session: while one of them runs, `name` may still start. */
export function upstreamInSession(workflow: Workflow, name: string): ReadonlySet<string> {
  const before = new Map<string, string[]>();
  for (const d of workflow.dependencies) if (!isAppScoped(d)) for (const [from, to] of edgesOf(d)) at(before, to).push(from);
  return closure([name], (to) => before.get(to) ?? []);
}

/** Functions that a session may run several times at once: started per item, batch or group, or following one that is. */
export function runsSeveralTimes(workflow: Workflow): ReadonlySet<string> {
  const seeds = workflow.dependencies.flatMap((d) => {
    if (d.pattern === 'map' || d.pattern === 'k-out-of-n') return [d.each];
    return takesMany(d) && !isAppScoped(d) ? targetsOf(d) : [];
  });
  const index = dependenciesBySource(workflow);
  return closure(seeds, (name) => (index.get(name) ?? []).filter((d) => !isAppScoped(d)).flatMap(targetsOf));
}

/** What an invocation of a function may emit. Plain data, so that it can travel to where the body runs. */
export interface EmitRule {
  /** Whether it may emit more than one value. */
  readonly many: boolean;
  /** The keys of which a value must carry one. */
  readonly keys?: readonly string[];
  /** Whether a value must name its group. */
  readonly grouped: boolean;
}

/** The rule that the dependencies on `name` set for what it emits. */
export function emitRuleOf(workflow: Workflow, name: string): EmitRule {
  const taking = workflow.dependencies.filter((d) => sourcesOf(d).includes(name));
  const choice = taking.find((d) => d.pattern === 'choice');
  return {
    many: taking.every(takesMany) && !workflow.dependencies.some((d) => joinedEach(d) === name),
    ...(choice === undefined ? {} : { keys: Object.keys(choice.to) }),
    grouped: taking.some((d) => d.pattern === 'group'),
  };
}

function at<V>(index: Map<string, V[]>, key: string): V[] {
  const values = index.get(key) ?? [];
  index.set(key, values);
  return values;
}
