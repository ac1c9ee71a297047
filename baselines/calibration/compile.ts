/** A workflow made ready to be interpreted. Pure. */
import { DriverError } from '../../workloads/api/driver.ts';
import { dependenciesBySource, type EmitRule, emitRuleOf, isStreaming, upstreamInSession } from '../../workloads/api/graph.ts';
import { DEFAULT_TIMEOUT_MS } from '../../workloads/api/run-body.ts';
import { type Dependency, type Group, isTerminal, type Workflow } from '../../workloads/api/workflow.ts';

export interface CompiledFunction {
  readonly name: string;
  readonly timeoutMs: number;
  readonly rule: EmitRule;
  readonly isTerminal: boolean;
  /** What takes its values. */
  readonly taking: readonly Dependency[];
}

export interface Program {
  readonly entry: string;
  readonly result: Workflow['result'];
  readonly functions: ReadonlyMap<string, CompiledFunction>;
  /** For each group the functions that must be over, and not to start any more, before it fires. */
  readonly upstream: ReadonlyMap<Group, ReadonlySet<string>>;
}

/** Throws `UNSUPPORTED_PATTERN` for workflows that gather over sessions. */
export function compile(workflow: Workflow): Program {
  if (isStreaming(workflow)) {
    throw new DriverError(
      'UNSUPPORTED_PATTERN',
      `workflow "${workflow.name}": expected batches and windows of session scope, got app scope`,
    );
  }
  const taking = dependenciesBySource(workflow);
  const functions = Object.entries(workflow.functions).map(([name, { timeoutMs = DEFAULT_TIMEOUT_MS }]): CompiledFunction => {
    return { name, timeoutMs, rule: emitRuleOf(workflow, name), isTerminal: isTerminal(workflow, name), taking: taking.get(name) ?? [] };
  });
  const groups = workflow.dependencies.filter((d) => d.pattern === 'group');
  return {
    entry: workflow.entry,
    result: workflow.result,
    functions: new Map(functions.map((fn) => [fn.name, fn])),
    upstream: new Map(groups.map((group) => [group, upstreamInSession(workflow, group.from)])),
  };
}
