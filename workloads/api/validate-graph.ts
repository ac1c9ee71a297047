/** The part of validation that looks at dependencies together: contradictions, reach, cycles, joins that never come about. */
import { type Fail, placeOf } from './complaint.ts';
import {
  closure,
  dependenciesBySource,
  edgesOf,
  isStreaming,
  joinedEach,
  runsSeveralTimes,
  sessionsOf,
  takesMany,
  upstreamInSession,
} from './graph.ts';
import { type Assemble, type Choice, type Dependency, targetsOf, type Workflow } from './workflow.ts';

/** Expects names that exist and numbers in range. */
export function checkGraph(workflow: Workflow, fail: Fail): void {
  if (isStreaming(workflow) && workflow.result !== 'all') fail('result', '"all" where a dependency has app scope', `"${workflow.result}"`);
  for (const [source, taking] of dependenciesBySource(workflow)) {
    for (const d of taking) for (const other of taking) if (d !== other) checkPair(workflow, source, d, other, fail);
  }
  checkEach(workflow, fail);
  checkEnds(workflow, fail);
  for (const d of workflow.dependencies) {
    if (d.pattern === 'group') checkGroup(workflow, d, fail);
    if (d.pattern === 'assemble') checkAssemble(workflow, d, fail);
  }
  checkReach(workflow, fail);
}

/** Two dependencies that take values from the same function. */
function checkPair(workflow: Workflow, source: string, d: Dependency, other: Dependency, fail: Fail): void {
  const where = placeOf(workflow, d);
  const there = placeOf(workflow, other);
  if (d.pattern === 'choice') fail(where, `nothing else to depend on "${source}"`, there);
  if (takesMany(d) && !takesMany(other)) {
    fail(where, `all that depends on "${source}" to take any number of values`, `${there}, which takes one`);
  }
  const shared = targetsOf(d).find((name) => targetsOf(other).includes(name));
  if (shared !== undefined) fail(where, `one dependency of "${shared}" on "${source}"`, `${there} as well`);
}

/** What a map or k-out-of-n starts belongs to it alone; otherwise nobody could tell when all of them are over. */
function checkEach(workflow: Workflow, fail: Fail): void {
  const starts = new Map<string, Dependency[]>();
  for (const d of workflow.dependencies) for (const name of targetsOf(d)) starts.set(name, [...(starts.get(name) ?? []), d]);
  const bySource = dependenciesBySource(workflow);
  for (const d of workflow.dependencies) {
    if (d.pattern !== 'map' && d.pattern !== 'k-out-of-n') continue;
    const where = placeOf(workflow, d);
    if (d.each === workflow.entry) fail(where, `nothing else to start its each, "${d.each}"`, 'the entry of the same name');
    const other = starts.get(d.each)?.find((starting) => starting !== d);
    if (other !== undefined) fail(where, `nothing else to start its each, "${d.each}"`, placeOf(workflow, other));
    const many = joinedEach(d) === undefined ? undefined : bySource.get(d.each)?.find(takesMany);
    if (many !== undefined)
      fail(where, `"${d.each}" to emit the one value that is joined`, `${placeOf(workflow, many)}, which takes any number`);
  }
}

function checkReach(workflow: Workflow, fail: Fail): void {
  const reached = new Set(sessionsOf(workflow).flatMap((session) => [...session]));
  const missed = Object.keys(workflow.functions).find((name) => !reached.has(name));
  if (missed !== undefined) fail(`function "${missed}"`, `a way to it from the entry "${workflow.entry}"`, 'none');
}

/** Whatever runs must be able to come to an end, so every cycle needs a choice with a branch that leads out of it. */
function checkEnds(workflow: Workflow, fail: Fail): void {
  const edges = workflow.dependencies.flatMap(edgesOf);
  const before = Map.groupBy(edges, ([, to]) => to);
  const choices = new Set(workflow.dependencies.filter((d) => d.pattern === 'choice').map((d) => d.from));
  /** How many of the functions that follow must be known to end before this one is. */
  const wanting = new Map(Object.keys(workflow.functions).map((name) => [name, 0]));
  for (const [from] of edges) wanting.set(from, choices.has(from) ? 1 : wanting.get(from)! + 1);
  const last = [...wanting].filter(([, count]) => count === 0).map(([name]) => name);
  const ends = closure(last, (name) => {
    const decided = (before.get(name) ?? []).filter(([from]) => {
      wanting.set(from, wanting.get(from)! - 1);
      return wanting.get(from) === 0;
    });
    return decided.map(([from]) => from);
  });
  const path = Object.keys(workflow.functions)
    .filter((name) => !ends.has(name))
    .slice(0, 1);
  while (path.length > 0) {
    const [, next] = edges.find(([from, to]) => from === path.at(-1) && !ends.has(to))!;
    const start = path.indexOf(next);
    if (start !== -1) {
      fail('dependencies', 'a choice with a branch out of every cycle', `the cycle ${[...path.slice(start), next].join(' -> ')}`);
    }
    path.push(next);
  }
}

function checkGroup(workflow: Workflow, d: Dependency & { pattern: 'group' }, fail: Fail): void {
  if (!upstreamInSession(workflow, d.from).has(d.to)) return;
  fail(placeOf(workflow, d), `no way from "${d.to}" back to "${d.from}", which must be over before it starts`, 'one');
}

function checkAssemble(workflow: Workflow, d: Assemble, fail: Fail): void {
  const where = placeOf(workflow, d);
  const sessions = sessionsOf(workflow);
  const isReached = d.from.every((name) => sessions.some((session) => session.has(name)));
  if (isReached && !sessions.some((session) => d.from.every((name) => session.has(name)))) {
    fail(where, 'sources that run in one session', 'a dependency of app scope between them');
  }
  const several = runsSeveralTimes(workflow);
  const repeating = d.from.find((name) => several.has(name));
  if (repeating !== undefined) fail(where, 'sources that run once a session', `"${repeating}", which runs once an item, batch or group`);
  for (const choice of workflow.dependencies) if (choice.pattern === 'choice') checkBranches(workflow, d, choice, fail);
}

/** Two sources that only different branches of one choice lead to never meet, unless the choice comes round again. */
function checkBranches(workflow: Workflow, d: Assemble, choice: Choice, fail: Fail): void {
  const upstream = upstreamInSession(workflow, choice.from);
  const branches = new Set(targetsOf(choice));
  if (branches.size < 2 || [...branches].some((name) => upstream.has(name))) return;
  const needed = [...branches].map((branch) => {
    const reached = new Set(sessionsOf(withoutBranch(workflow, choice, branch)).flatMap((session) => [...session]));
    return d.from.find((name) => !reached.has(name));
  });
  const [one, two] = new Set(needed.filter((name) => name !== undefined));
  if (two === undefined) return;
  fail(
    placeOf(workflow, d),
    'sources that can all run in one session',
    `"${one}" and "${two}", of which the choice on "${choice.from}" starts one`,
  );
}

function withoutBranch(workflow: Workflow, choice: Choice, branch: string): Workflow {
  const to = Object.fromEntries(Object.entries(choice.to).filter(([, name]) => name !== branch));
  return { ...workflow, dependencies: workflow.dependencies.map((d) => (d === choice ? { ...choice, to } : d)) };
}
