/** Workflow to routing tables: which process serves which function and keeps which join. Pure; the result is plain data. */
import { type EmitRule, emitRuleOf, isAppScoped, isStreaming, runsSeveralTimes, upstreamInSession } from '../../workloads/api/graph.ts';
import { DEFAULT_TIMEOUT_MS } from '../../workloads/api/run-body.ts';
import { type Dependency, type FunctionSpec, isTerminal, sourcesOf, type Workflow } from '../../workloads/api/workflow.ts';

export interface FunctionRoute {
  readonly spec: FunctionSpec;
  readonly timeoutMs: number;
  readonly concurrency: number;
  readonly rule: EmitRule;
  readonly isTerminal: boolean;
  /** The process that serves it, or `undefined`: every process does. */
  readonly process?: number;
  /** Positions in `dependencies` of what takes its values. */
  readonly taking: readonly number[];
  /** Positions of the groups that cannot fire while the function may still run. */
  readonly holdsUp: readonly number[];
}

export interface Routes {
  readonly entry: string;
  readonly functions: Readonly<Record<string, FunctionRoute>>;
  readonly dependencies: readonly Dependency[];
  readonly processes: number;
  readonly isStreaming: boolean;
  /** Whether it must be known of every session when it is over: for the caller, or for what it leaves in joins. */
  readonly tracksSessions: boolean;
}

/**
 * Functions are dealt out to the processes in turn; those that a session runs several times at once are served by
 * all of them.
 */
export function compile(workflow: Workflow, processes: number): Routes {
  const { dependencies, entry } = workflow;
  const several = runsSeveralTimes(workflow);
  const groups = dependencies.flatMap((d, index) =>
    d.pattern === 'group' ? [{ index, upstream: upstreamInSession(workflow, d.from) }] : [],
  );
  const functions = Object.entries(workflow.functions).map(([name, spec], position): [string, FunctionRoute] => [
    name,
    {
      spec,
      timeoutMs: spec.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      concurrency: spec.concurrency ?? 1,
      rule: emitRuleOf(workflow, name),
      isTerminal: isTerminal(workflow, name),
      ...(several.has(name) ? {} : { process: position % processes }),
      taking: dependencies.flatMap((d, index) => (sourcesOf(d).includes(name) ? [index] : [])),
      holdsUp: groups.filter(({ upstream }) => upstream.has(name)).map(({ index }) => index),
    },
  ]);
  return {
    entry,
    functions: Object.fromEntries(functions),
    dependencies,
    processes,
    isStreaming: isStreaming(workflow),
    tracksSessions: !isStreaming(workflow) || dependencies.some(canStayIncomplete),
  };
}

/** Whether a join may be left with values when everything is over. */
function canStayIncomplete(d: Dependency): boolean {
  return d.pattern === 'assemble' || (d.pattern === 'batch' && !isAppScoped(d));
}

/** The process that serves `fn`; functions served by all of them go to the one that `spread` picks. */
export function processOf({ functions, processes }: Routes, fn: string, spread: number): number {
  return functions[fn]!.process ?? spread % processes;
}

/** The same number for the same text, evenly spread (FNV-1a). */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return hash;
}
