/** A workflow as an app: buckets for its data dependencies, and triggers on them for the functions that these start. Pure. */
import { type EmitRule, emitRuleOf } from '../../workloads/api/graph.ts';
import { type Dependency, type FunctionSpec, isTerminal, sourcesOf, type Workflow } from '../../workloads/api/workflow.ts';
import type { AppDefinition, BucketDefinition, FunctionDefinition, TriggerDefinition } from '../core/app.ts';

/**
 * How the adapter labels what a function emits into a bucket. `plain`: as the function did. The others keep the
 * function's label in the metadata: `source`: the key is the function's name. `item`: tagged with the invocation
 * and the item's position. `joined`: group and key are the invocation and the position of the item's tag.
 */
export interface Route {
  readonly bucket: string;
  readonly as: 'plain' | 'source' | 'item' | 'joined';
}

/** What the adapter needs of a function; travels to the executors as the function's `config`. */
export interface AdapterConfig {
  readonly name: string;
  readonly spec: FunctionSpec;
  readonly rule: EmitRule;
  readonly routes: readonly Route[];
  /** Buckets that are told, at the end of each invocation, how many of its items are to be joined. */
  readonly expecting: readonly string[];
  /** Whether what it emits is handed to the caller. */
  readonly terminal: boolean;
}

/** Buckets of this prefix hold objects with the producer's label in their metadata. */
export const JOIN_PREFIX = 'join:';

/** Bucket, triggers and routes that stand for one dependency. */
interface Wiring {
  readonly buckets: readonly BucketDefinition[];
  readonly triggers: readonly TriggerDefinition[];
  readonly routes: readonly (readonly [source: string, route: Route])[];
  readonly expecting?: readonly [source: string, bucket: string];
}

/** The definition of a valid workflow as the app `app`, its bodies run by the module `adapter`. */
export function compileWorkflow(workflow: Workflow, app: string, adapter: string): AppDefinition {
  const wirings = workflow.dependencies.map(wire);
  const functions = Object.entries(workflow.functions).map(([name, spec]): FunctionDefinition => {
    const routes = wirings.flatMap((wiring) => wiring.routes.flatMap(([source, route]) => (source === name ? [route] : [])));
    const expecting = wirings.flatMap(({ expecting: told }) => (told?.[0] === name ? [told[1]] : []));
    const config: AdapterConfig = { name, spec, rule: emitRuleOf(workflow, name), routes, expecting, terminal: isTerminal(workflow, name) };
    const { timeoutMs, concurrency } = spec;
    return {
      name,
      module: adapter,
      export: 'adapt',
      config,
      sends: [...routes.map(({ bucket }) => bucket), ...expecting],
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(concurrency === undefined ? {} : { concurrency }),
    };
  });
  return {
    name: app,
    functions,
    buckets: wirings.flatMap(({ buckets }) => buckets),
    triggers: wirings.flatMap(({ triggers }) => triggers),
  };
}

function wire(d: Dependency, index: number): Wiring {
  const bucket = `${index}:${d.pattern}`;
  const join = `${JOIN_PREFIX}${bucket}`;
  const trigger = { name: bucket, bucket };
  const plain = { buckets: [{ name: bucket }], routes: sourcesOf(d).map((from) => [from, { bucket, as: 'plain' }] as const) };
  switch (d.pattern) {
    case 'sequence':
      return { ...plain, triggers: [{ ...trigger, primitive: 'immediate', target: d.to }] };
    case 'choice':
      return {
        ...plain,
        triggers: Object.entries(d.to).map(([key, target]) => ({ bucket, name: `${bucket}:${key}`, primitive: 'by-name', key, target })),
      };
    case 'parallel':
      return { ...plain, triggers: d.to.map((target) => ({ bucket, name: `${bucket}:${target}`, primitive: 'immediate', target })) };
    case 'assemble':
      return {
        buckets: [{ name: join }],
        triggers: [{ name: join, bucket: join, primitive: 'by-set', keys: d.from, target: d.to }],
        routes: d.from.map((from) => [from, { bucket: join, as: 'source' }]),
      };
    case 'group':
      return { ...plain, triggers: [{ ...trigger, primitive: 'dynamic-group', sources: [d.from], target: d.to }] };
    case 'batch':
      return { ...plain, triggers: [{ ...trigger, primitive: 'by-batch-size', size: d.size, target: d.to, scope: d.scope }] };
    case 'window':
      return { ...plain, triggers: [{ ...trigger, primitive: 'by-time', windowMs: d.everyMs, target: d.to, scope: d.scope }] };
    case 'map': {
      const each: TriggerDefinition = { ...trigger, primitive: 'immediate', target: d.each };
      if (d.to === undefined) return { ...plain, triggers: [each] };
      return {
        buckets: [{ name: bucket }, { name: join }],
        triggers: [each, { name: join, bucket: join, primitive: 'dynamic-join', target: d.to }],
        routes: [
          [d.from, { bucket, as: 'item' }],
          [d.each, { bucket: join, as: 'joined' }],
        ],
        expecting: [d.from, join],
      };
    }
    case 'k-out-of-n':
      return {
        buckets: [{ name: bucket }, { name: join }],
        triggers: [
          ...Array.from({ length: d.n }, (_, copy): TriggerDefinition => {
            return { bucket, name: `${bucket}:${copy}`, primitive: 'immediate', target: d.each };
          }),
          { name: join, bucket: join, primitive: 'redundant', k: d.k, n: d.n, target: d.to },
        ],
        routes: [
          [d.from, { bucket, as: 'item' }],
          [d.each, { bucket: join, as: 'joined' }],
        ],
      };
  }
}
