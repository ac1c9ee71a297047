/**
 * Workflow to Amazon States Language, as one would write it by hand: a Task for each function, Choice on the key,
 * Parallel for fork and join, Map for items, groups and batches. Pure.
 *
 * Every state takes and gives a list of values. The language knows blocks, not graphs: what does not nest is refused.
 */
import { dependenciesBySource, type EmitRule, emitRuleOf, isAppScoped, takesMany } from '../../workloads/api/graph.ts';
import { DEFAULT_TIMEOUT_MS } from '../../workloads/api/run-body.ts';
import type { Dependency, FunctionSpec, Workflow } from '../../workloads/api/workflow.ts';
import type { Definition } from './asl.ts';
import { Machine, type TaskConfig } from './machine.ts';
import { DEFINITION_LIMIT_BYTES, refusal, tooLarge } from './refusal.ts';

/** A function as it is deployed. */
export interface FunctionConfig extends TaskConfig {
  readonly spec: FunctionSpec;
  readonly rule: EmitRule;
  readonly concurrency: number;
}

export interface Program {
  readonly definition: Definition;
  /** For each Task state the function that it calls. */
  readonly tasks: Readonly<Record<string, string>>;
  readonly functions: Readonly<Record<string, FunctionConfig>>;
  /** Functions whose first value ends the execution, although other branches may still run. */
  readonly early: readonly string[];
}

/** Throws `UNSUPPORTED_PATTERN`. */
export function compile(workflow: Workflow): Program {
  for (const d of workflow.dependencies) checkPattern(workflow, d);
  const index = dependenciesBySource(workflow);
  const names = Object.keys(workflow.functions);
  const functions = Object.fromEntries(names.map((name) => [name, configOf(workflow, name, index.get(name) ?? [])]));
  const machine = new Machine(workflow, functions);
  const definition: Definition = { Comment: workflow.name, ...machine.compile() };
  const bytes = Buffer.byteLength(JSON.stringify(definition));
  if (bytes > DEFINITION_LIMIT_BYTES) throw tooLarge(workflow, `${bytes}`);
  const early = workflow.result === 'first' ? [...machine.nestedEnds] : [];
  return { definition, tasks: Object.fromEntries(machine.tasks), functions, early };
}

function checkPattern(workflow: Workflow, d: Dependency): void {
  const expected = 'what the language can express';
  if (isAppScoped(d)) throw refusal(workflow, d, 'session scope', 'app scope, but no execution sees what others hold');
  if (d.pattern === 'window') throw refusal(workflow, d, expected, 'a window, but no state gathers values by time');
  if (d.pattern === 'k-out-of-n') throw refusal(workflow, d, expected, 'k-out-of-n, but a Parallel waits for all of its branches');
}

function configOf(workflow: Workflow, name: string, taking: readonly Dependency[]): FunctionConfig {
  const spec = workflow.functions[name]!;
  return {
    spec,
    rule: emitRuleOf(workflow, name),
    timeoutMs: spec.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    concurrency: spec.concurrency ?? 1,
    isValueNeeded: taking.some((d) => !takesMany(d)),
  };
}
