/** Workflow to the program that its orchestrating handler follows. Pure; plain data, so that it can travel to the functions' processes. */
import { type EmitRule, emitRuleOf, isAppScoped, isStreaming, upstreamInSession } from '../../workloads/api/graph.ts';
import { DEFAULT_TIMEOUT_MS } from '../../workloads/api/run-body.ts';
import { type Dependency, type FunctionSpec, isTerminal, sourcesOf, type Workflow } from '../../workloads/api/workflow.ts';

export interface CompiledFunction {
  readonly spec: FunctionSpec;
  readonly timeoutMs: number;
  readonly concurrency: number;
  readonly rule: EmitRule;
  readonly isTerminal: boolean;
  /** Positions in `dependencies` of what takes its values. */
  readonly taking: readonly number[];
  /**
   * Nothing starts when one of several invocations is over: what takes its values waits for all of them anyhow. So the
   * handler awaits them all at once.
   */
  readonly isAwaitedTogether: boolean;
}

export interface Program {
  readonly entry: string;
  readonly result: Workflow['result'];
  readonly isStreaming: boolean;
  readonly functions: Readonly<Record<string, CompiledFunction>>;
  readonly dependencies: readonly Dependency[];
  /** For each group, by its position: while one of these functions may still run, it waits. */
  readonly upstream: Readonly<Record<number, readonly string[]>>;
}

export function compile(workflow: Workflow): Program {
  const { entry, result, dependencies } = workflow;
  const functions = Object.entries(workflow.functions).map(([name, spec]): [string, CompiledFunction] => {
    const taking = dependencies.flatMap((d, index) => (sourcesOf(d).includes(name) ? [index] : []));
    const isEnd = isTerminal(workflow, name);
    return [
      name,
      {
        spec,
        timeoutMs: spec.timeoutMs ?? DEFAULT_TIMEOUT_MS,
        concurrency: spec.concurrency ?? 1,
        rule: emitRuleOf(workflow, name),
        isTerminal: isEnd,
        taking,
        isAwaitedTogether: (!isEnd || result === 'all') && taking.every((index) => dependencies[index]!.pattern === 'group'),
      },
    ];
  });
  const groups = dependencies.flatMap((d, index) =>
    d.pattern === 'group' ? [[index, [...upstreamInSession(workflow, d.from)]] as const] : [],
  );
  return {
    entry,
    result,
    isStreaming: isStreaming(workflow),
    functions: Object.fromEntries(functions),
    dependencies,
    upstream: Object.fromEntries(groups),
  };
}

/**
 * In which of the two ways functions are written: `calls`: each is a handler of a service, called by the orchestrating
 * handler; `steps`: each is a `ctx.run` of the orchestrating workflow.
 */
export type Style = 'calls' | 'steps';

/** A deployed workflow as the functions' processes know it. */
export interface Served {
  readonly style: Style;
  readonly names: ServiceNames;
  readonly program: Program;
}

/** What the services of a deployed workflow are called in Restate. */
export interface ServiceNames {
  /** The handler `run` that orchestrates. */
  readonly orchestrator: string;
  /** One handler a function; only where functions are called. */
  readonly functions: string;
  /** The virtual object that gathers values of app scope. */
  readonly gatherer: string;
}

export function serviceNames(workflow: Workflow, id: number): ServiceNames {
  const name = `w${id}-${workflow.name}`;
  return { orchestrator: name, functions: `${name}.functions`, gatherer: `${name}.gatherer` };
}

/** The name of a function's handler: a letter, then letters, digits and underscores. */
export function handlerName(fn: string): string {
  return `f_${fn.replaceAll('-', '_')}`;
}

/** Positions of the batches and windows that gather over sessions. */
export function appScoped({ dependencies }: Program): readonly number[] {
  return dependencies.flatMap((d, index) => (isAppScoped(d) ? [index] : []));
}
