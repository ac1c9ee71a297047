/** Checks that a workflow holds together before any platform sees it. */
import { didYouMean, excerpt, type Fail, placeOf } from './complaint.ts';
import { DriverError } from './driver.ts';
import { checkGraph } from './validate-graph.ts';
import { type Dependency, type FunctionSpec, PATTERNS, sourcesOf, targetsOf, type Workflow } from './workflow.ts';

const NAME = /^[a-z0-9-]{1,64}$/;
/** The longest time that a timer can be set to. */
const MAX_MS = 2 ** 31 - 1;

/** Throws a {@link DriverError} `INVALID_WORKFLOW` that says where, what was expected and what came. */
export function validateWorkflow(workflow: Workflow): void {
  const fail: Fail = (where, expected, came) => {
    throw new DriverError('INVALID_WORKFLOW', `workflow "${workflow.name}": ${where}: expected ${expected}, got ${came}`);
  };
  const known = Object.keys(workflow.functions);
  checkName(workflow.name, 'name', fail);
  if (known.length === 0) fail('functions', 'at least one', 'none');
  if (workflow.result !== 'first' && workflow.result !== 'all') fail('result', '"first" or "all"', show(workflow.result));
  for (const [name, spec] of Object.entries(workflow.functions)) checkFunction(name, spec, fail);
  checkKnown(workflow.entry, workflow, 'entry', fail);
  for (const [index, d] of workflow.dependencies.entries()) checkDependency(d, index, workflow, fail);
  checkGraph(workflow, fail);
}

function checkName(name: string, where: string, fail: Fail): void {
  if (!NAME.test(name)) fail(where, '1 to 64 lower-case letters, digits and dashes', show(name));
}

function checkFunction(name: string, spec: FunctionSpec, fail: Fail): void {
  const where = `function "${name}"`;
  checkName(name, where, fail);
  if (!URL.canParse(spec.module)) fail(`${where}: module`, 'a URL', show(spec.module));
  if (typeof spec.export !== 'string' || spec.export === '') fail(`${where}: export`, 'the name of an export', show(spec.export));
  if (spec.timeoutMs !== undefined) checkMs(spec.timeoutMs, `${where}: timeoutMs`, fail);
  if (spec.concurrency !== undefined) checkCount(spec.concurrency, `${where}: concurrency`, fail);
}

function checkDependency(d: Dependency, index: number, workflow: Workflow, fail: Fail): void {
  if (!PATTERNS.includes(d.pattern)) {
    const came = String((d as { pattern: unknown }).pattern);
    fail(`dependency ${index}`, `a pattern (${PATTERNS.join(', ')})`, `"${came}"${didYouMean(came, PATTERNS)}`);
  }
  const where = placeOf(workflow, d);
  const sources = sourcesOf(d);
  const targets = targetsOf(d);
  if (sources.length === 0) fail(`${where}: from`, 'at least one function', 'none');
  if (targets.length === 0) fail(`${where}: to`, 'at least one function', 'none');
  for (const name of sources) checkKnown(name, workflow, `${where}: from`, fail);
  for (const name of targets) checkKnown(name, workflow, `${where}: to`, fail);
  // Only a choice may name a function twice: for two keys.
  const twice = repeated(sources) ?? (d.pattern === 'choice' ? undefined : repeated(targets));
  if (twice !== undefined) fail(where, 'every function once', `"${twice}" twice`);
  checkNumbers(d, where, fail);
}

function checkNumbers(d: Dependency, where: string, fail: Fail): void {
  if (d.pattern === 'choice' && Object.hasOwn(d.to, '')) fail(`${where}: to`, 'keys that are not empty', 'an empty key');
  if (d.pattern === 'batch') checkCount(d.size, `${where}: size`, fail);
  if (d.pattern === 'window') checkMs(d.everyMs, `${where}: everyMs`, fail);
  if ((d.pattern === 'batch' || d.pattern === 'window') && d.scope !== 'session' && d.scope !== 'app') {
    fail(`${where}: scope`, '"session" or "app"', show(d.scope));
  }
  if (d.pattern === 'k-out-of-n') {
    checkCount(d.n, `${where}: n`, fail);
    checkCount(d.k, `${where}: k`, fail);
    if (d.k > d.n) fail(`${where}: k`, `at most n, which is ${d.n}`, show(d.k));
  }
}

function checkMs(value: number, where: string, fail: Fail): void {
  if (!(value > 0 && value <= MAX_MS)) fail(where, `milliseconds above 0 and up to ${MAX_MS}`, show(value));
}

function checkCount(value: number, where: string, fail: Fail): void {
  if (!Number.isSafeInteger(value) || value < 1) fail(where, 'a whole number from 1 up', show(value));
}

function checkKnown(name: string, { functions }: Workflow, where: string, fail: Fail): void {
  if (Object.hasOwn(functions, name)) return;
  const known = Object.keys(functions);
  fail(where, `a function of the workflow (${excerpt(known)})`, `${show(name)}${didYouMean(String(name), known)}`);
}

function repeated(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((name) => seen.size === seen.add(name).size);
}

function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
