/** What a conformance case is, and the words in which cases are written. */
import { type Deployment, DriverError, type DriverErrorCode, type Invoked, type InvokeOptions, type Output } from '../api/driver.ts';
import { beside, type Dependency, type FunctionSpec, type Pattern, type Scope, type Workflow } from '../api/workflow.ts';
import type * as bodies from './bodies.ts';
import type { Described } from './bodies.ts';

/** One thing that every platform must do. */
export interface ConformanceCase {
  /** A sentence. */
  readonly title: string;
  /** The patterns in the case's workflow; a platform that does not support one of them must refuse to deploy it. */
  readonly patterns: readonly Pattern[];
  readonly scope: Scope;
  readonly workflow: Workflow;
  /** Rejects with what was expected and what came. */
  readonly run: (deployment: Deployment, context: CaseContext) => Promise<void>;
}

/** What a case may know of the platform. */
export interface CaseContext {
  readonly payloadLimitBytes: number;
}

/** A name in bodies.ts, alone or with what a function may set besides. */
export type BodyName = Exclude<keyof typeof bodies, 'Described'>;
export type BodySpec = BodyName | (Pick<FunctionSpec, 'timeoutMs' | 'concurrency'> & { readonly body: BodyName });

/** Ends every call of a case that the platform leaves hanging. */
const PATIENCE_MS = 20_000;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A workflow whose functions have bodies of bodies.ts; the first is the entry. */
export function flow(
  functions: Readonly<Record<string, BodySpec>>,
  dependencies: readonly Dependency[],
  result: Workflow['result'] = 'all',
): Workflow {
  const specOf = (spec: BodySpec): FunctionSpec => {
    const { body, ...rest } = typeof spec === 'string' ? { body: spec } : spec;
    return { module: beside(import.meta.url, 'bodies'), export: body, ...rest };
  };
  return {
    name: 'conformance',
    entry: Object.keys(functions)[0]!,
    functions: Object.fromEntries(Object.entries(functions).map(([name, spec]) => [name, specOf(spec)])),
    dependencies,
    result,
  };
}

/** A case whose patterns and scope are read off its workflow. */
export function conformanceCase(title: string, workflow: Workflow, run: ConformanceCase['run']): ConformanceCase {
  const isApp = workflow.dependencies.some((d) => 'scope' in d && d.scope === 'app');
  const patterns = [...new Set(workflow.dependencies.map((d) => d.pattern))];
  return { title, patterns, scope: isApp ? 'app' : 'session', workflow, run };
}

/** Invokes with text. */
export function invoke(deployment: Deployment, text: string, options?: InvokeOptions): Promise<Invoked> {
  return deployment.invoke(encoder.encode(text), { deadlineMs: PATIENCE_MS, ...options });
}

/** The texts of all outputs of one run, sorted. */
export async function textsOf(deployment: Deployment, text: string): Promise<readonly string[]> {
  const { outputs } = await invoke(deployment, text);
  return outputs.map(textOf).sort();
}

/** What `describe` saw: for each of its outputs in one run the list of its inputs. */
export async function describedBy(deployment: Deployment, text: string): Promise<readonly (readonly Described[])[]> {
  const { outputs } = await invoke(deployment, text);
  return outputs.map(described);
}

export function described(output: Output): readonly Described[] {
  return JSON.parse(textOf(output)) as readonly Described[];
}

export function textOf({ bytes }: { readonly bytes: Uint8Array }): string {
  return decoder.decode(bytes);
}

/** Fails unless both are the same as JSON. */
export function expectSame(actual: unknown, expected: unknown, what: string): void {
  const [came, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (came !== wanted) throw new Error(`${what}: expected ${wanted}, got ${came}`);
}

/** Fails unless `call` rejects with a {@link DriverError} of one of the codes; returns its message. */
export async function expectError(call: Promise<unknown>, ...codes: readonly DriverErrorCode[]): Promise<string> {
  const wanted = codes.length === 0 ? 'a DriverError' : `a DriverError ${codes.join(' or ')}`;
  const outcome = await call.then(
    () => 'a result',
    (error: unknown) => error,
  );
  if (!(outcome instanceof DriverError)) throw new Error(`expected ${wanted}, got ${outcome}`, { cause: outcome });
  if (codes.length > 0 && !codes.includes(outcome.code)) {
    throw new Error(`expected ${wanted}, got ${outcome.code}: ${outcome.message}`, { cause: outcome });
  }
  return outcome.message;
}

/** Collects what a streaming workflow gives out; `upTo` waits until there are as many outputs. */
export function collect(deployment: Deployment): { upTo(count: number): Promise<readonly Output[]>; stop(): void } {
  const outputs: Output[] = [];
  let check = (): void => {};
  const stop = deployment.subscribe((output) => {
    outputs.push(output);
    check();
  });
  return {
    stop,
    upTo: (count) =>
      new Promise((resolve, reject) => {
        const late = new Error(`expected ${count} outputs within ${PATIENCE_MS} ms`);
        const timer = setTimeout(() => reject(late), PATIENCE_MS);
        check = () => {
          if (outputs.length < count) return;
          clearTimeout(timer);
          resolve(outputs.slice());
        };
        check();
      }),
  };
}

/** Feeds text. */
export function feed(deployment: Deployment, text: string): Promise<void> {
  return deployment.feed(encoder.encode(text), { deadlineMs: PATIENCE_MS });
}
