/** What a conformance case is, and the words in which cases are written. */
import { type Deployment, DriverError, type DriverErrorCode, type Invoked, type InvokeOptions, type Output } from '../api/driver.ts';
import { beside, type Dependency, type FunctionSpec, type Workflow } from '../api/workflow.ts';
import type * as bodies from './bodies.ts';
import type { Described } from './bodies.ts';

/** One thing that every platform must do. */
export interface ConformanceCase {
  /** A sentence. */
  readonly title: string;
  /** A platform that does not support one of its patterns must refuse to deploy it. */
  readonly workflow: Workflow;
  /** Rejects with what was expected and what came. */
  readonly run: (deployment: Deployment, context: CaseContext) => Promise<void>;
}

/** What a case may know of the platform. */
export interface CaseContext {
  readonly payloadLimitBytes: number;
  /** Deploys another workflow, which is taken back after the case. */
  readonly deploy: (workflow: Workflow) => Promise<Deployment>;
}

/** A name in bodies.ts, alone or with what a function may set besides. */
export type BodyName = Exclude<keyof typeof bodies, 'Described'>;
export type BodySpec = BodyName | (Pick<FunctionSpec, 'timeoutMs' | 'concurrency'> & { readonly body: BodyName });

/** Ends every call of a case that the platform leaves hanging. */
export const PATIENCE_MS = 20_000;

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

export function conformanceCase(title: string, workflow: Workflow, run: ConformanceCase['run']): ConformanceCase {
  return { title, workflow, run };
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

/** What a streaming workflow has given out and told of failures so far. */
export interface Collected {
  readonly outputs: readonly Output[];
  readonly failures: readonly DriverError[];
}

/** Collects what a streaming workflow gives out and how its sessions fail. */
export function collect(deployment: Deployment): Collected & {
  /** Waits until there are so many outputs, and so many failures. */
  upTo(outputs: number, failures?: number): Promise<Collected>;
  stop(): void;
} {
  const outputs: Output[] = [];
  const failures: DriverError[] = [];
  let check = (): void => {};
  const adding =
    <T>(list: T[]) =>
    (item: T): void => {
      list.push(item);
      check();
    };
  const stop = deployment.subscribe(adding(outputs), adding(failures));
  return {
    outputs,
    failures,
    stop,
    upTo: (wantedOutputs, wantedFailures = 0) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          const wanted = `${wantedOutputs} outputs and ${wantedFailures} failures within ${PATIENCE_MS} ms`;
          reject(new Error(`expected ${wanted}, got ${outputs.length} and ${failures.length}: ${failures.map(String).join('; ')}`));
        }, PATIENCE_MS);
        check = () => {
          if (outputs.length < wantedOutputs || failures.length < wantedFailures) return;
          clearTimeout(timer);
          resolve({ outputs: outputs.slice(), failures: failures.slice() });
        };
        check();
      }),
  };
}

/** Feeds text. */
export function feed(deployment: Deployment, text: string, options?: InvokeOptions): Promise<void> {
  return deployment.feed(encoder.encode(text), { deadlineMs: PATIENCE_MS, ...options });
}

/** Gives a run time to come as far as its hanging function, or to end. */
export function soon(ms = 50): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
