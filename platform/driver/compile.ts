/** A workflow as an app: a bucket for each data dependency, and triggers on it for the functions that it starts. Pure. */
import { DriverError } from '../../workloads/api/driver.ts';
import { type EmitRule, emitRuleOf } from '../../workloads/api/graph.ts';
import { type Dependency, type FunctionSpec, isTerminal, sourcesOf, type Workflow } from '../../workloads/api/workflow.ts';
import type { AppDefinition, FunctionDefinition, Primitive, TriggerDefinition } from '../core/app.ts';
import { SUPPORT } from './capabilities.ts';

/** How the adapter sends what a function emits into a dependency's bucket. */
export interface Route {
  readonly bucket: string;
  /** The key that the bucket's trigger goes by; left out: the one that the function gave. */
  readonly key?: string;
}

/** What the adapter needs of a function; travels to the executors as the function's `config`. */
export interface AdapterConfig {
  readonly name: string;
  readonly spec: FunctionSpec;
  readonly rule: EmitRule;
  readonly routes: readonly Route[];
  /** Whether what it emits is handed to the caller. */
  readonly terminal: boolean;
}

/** Buckets of this prefix hold objects whose key is their source: what the producer gave as key and group is packed into the group. */
export const JOIN_PREFIX = 'join:';

/** Throws `UNSUPPORTED_PATTERN` for a dependency that the platform's triggers cannot express. The workflow must be valid. */
export function compileWorkflow(workflow: Workflow, app: string, adapter: string): AppDefinition {
  const buckets = workflow.dependencies.map((dependency, index) => ({ dependency, name: bucketName(dependency, index) }));
  const triggers = buckets.flatMap(({ dependency, name }) =>
    triggersOf(workflow, dependency).map(({ target, ...primitive }, index): TriggerDefinition => {
      return { ...primitive, name: `${name}#${index}`, bucket: name, target };
    }),
  );
  const functions = Object.entries(workflow.functions).map(([name, spec]): FunctionDefinition => {
    const routes = buckets
      .filter(({ dependency }) => sourcesOf(dependency).includes(name))
      .map(({ dependency, name: bucket }): Route => (dependency.pattern === 'assemble' ? { bucket, key: name } : { bucket }));
    const config: AdapterConfig = { name, spec, rule: emitRuleOf(workflow, name), routes, terminal: isTerminal(workflow, name) };
    const { timeoutMs, concurrency } = spec;
    return {
      name,
      module: adapter,
      export: 'adapt',
      config,
      sends: routes.map(({ bucket }) => bucket),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(concurrency === undefined ? {} : { concurrency }),
    };
  });
  return { name: app, functions, buckets: buckets.map(({ name }) => ({ name })), triggers };
}

function bucketName(dependency: Dependency, index: number): string {
  return `${dependency.pattern === 'assemble' ? JOIN_PREFIX : ''}${index}:${dependency.pattern}`;
}

function triggersOf(workflow: Workflow, d: Dependency): readonly (Primitive & { target: string })[] {
  switch (d.pattern) {
    case 'sequence':
      return [{ primitive: 'immediate', target: d.to }];
    case 'parallel':
      return d.to.map((target) => ({ primitive: 'immediate', target }));
    case 'choice':
      return Object.entries(d.to).map(([key, target]) => ({ primitive: 'by-name', key, target }));
    case 'assemble':
      return [{ primitive: 'by-set', keys: d.from, target: d.to }];
    case 'group':
      return [{ primitive: 'dynamic-group', sources: [d.from], target: d.to }];
    case 'map':
      if (d.to === undefined) return [{ primitive: 'immediate', target: d.each }];
      break;
  }
  const support = SUPPORT[d.pattern];
  const why = support.kind === 'unsupported' ? support.why : 'its join is not supported yet';
  throw new DriverError('UNSUPPORTED_PATTERN', `workflow "${workflow.name}": ${d.pattern} from "${sourcesOf(d).join('", "')}": ${why}`);
}
