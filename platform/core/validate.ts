/** Checks an app's definition for itself: shapes, names, limits and references. */
import type { AppDefinition, FunctionDefinition, RecoveryDefinition, RecoveryLevel, RerunHint, TriggerDefinition } from './app.ts';
import { PheromoneError } from './errors.ts';
import { LIMITS } from './limits.ts';

const PRIMITIVES: readonly TriggerDefinition['primitive'][] = [
  'immediate',
  'by-name',
  'by-set',
  'by-batch-size',
  'by-time',
  'redundant',
  'dynamic-join',
  'dynamic-group',
  'custom',
];
const LEVELS: readonly RecoveryLevel[] = ['function', 'workflow', 'off'];
const SHOWN_NAMES = 8;
const SHOWN_LENGTH = 80;

const utf8 = new TextEncoder();

/**
 * Throws `INVALID_APP` at the first fault, with where it is, what was expected and what came. The types are
 * not taken on trust: definitions come from other processes.
 */
export function validateApp(definition: AppDefinition): void {
  name('app', definition?.name);
  const where = `app ${show(definition.name)}`;
  list(where, 'functions', definition.functions, LIMITS.functionsPerApp);
  list(where, 'buckets', definition.buckets, LIMITS.bucketsPerApp);
  list(where, 'triggers', definition.triggers, LIMITS.bucketsPerApp * LIMITS.triggersPerBucket);
  if (definition.functions.length === 0) throw invalid(where, 'at least one function', 'none');
  optional(where, 'inline', definition.inline, 'a boolean', (value) => typeof value === 'boolean');
  validateIsolation(where, definition);
  if (definition.recovery !== undefined) validateRecovery(`${where}: recovery`, definition.recovery);

  const functions = names(where, 'function', definition.functions);
  const buckets = names(where, 'bucket', definition.buckets);
  names(where, 'trigger', definition.triggers);
  for (const fn of definition.functions) validateFunction(`${where}: function ${show(fn.name)}`, fn, buckets);
  for (const trigger of definition.triggers) {
    const whereTrigger = `${where}: trigger ${show(trigger.name)}`;
    validateTrigger(whereTrigger, trigger, functions, buckets);
    if (trigger.rerun !== undefined) validateHints(whereTrigger, trigger.bucket, trigger.rerun, definition.functions);
  }
  for (const [bucket, triggers] of Map.groupBy(definition.triggers, (trigger) => trigger.bucket)) {
    list(`${where}: bucket ${show(bucket)}`, 'triggers', triggers, LIMITS.triggersPerBucket);
  }
}

function validateIsolation(where: string, { isolation, heapMb, warm, memoryBytes }: AppDefinition): void {
  const { heapMinMb, heapMaxMb } = LIMITS;
  optional(where, 'isolation', isolation, '"threads" or "processes"', (value) => value === 'threads' || value === 'processes');
  optional(where, 'heapMb', heapMb, `a whole number from ${heapMinMb} to ${heapMaxMb}`, (value) => {
    return Number.isInteger(value) && Number(value) >= heapMinMb && Number(value) <= heapMaxMb;
  });
  if (heapMb !== undefined && isolation !== 'processes') throw invalid(where, 'heapMb only with isolation "processes"', show(isolation));
  optional(where, 'warm', warm, 'a boolean', (value) => typeof value === 'boolean');
  optional(where, 'memoryBytes', memoryBytes, 'a whole number from 1 up', (value) => Number.isSafeInteger(value) && Number(value) >= 1);
}

function validateRecovery(where: string, recovery: RecoveryDefinition): void {
  if (typeof recovery !== 'object' || recovery === null) throw invalid(where, 'an object', show(recovery));
  const { level, attempts, timeoutMs } = recovery;
  if (!LEVELS.includes(level)) throw invalid(where, `a level (${LEVELS.join(', ')})`, show(level));
  if (attempts !== undefined) count(where, 'attempts', attempts, LIMITS.attemptsMax);
  if (attempts !== undefined && level === 'off') throw invalid(where, 'no attempts with level "off"', show(attempts));
  if (timeoutMs !== undefined) within(where, 'timeoutMs', timeoutMs, LIMITS.windowMinMs, LIMITS.windowMaxMs);
  if (timeoutMs !== undefined && level !== 'workflow') throw invalid(where, 'level "workflow" where there is a timeoutMs', show(level));
}

function validateFunction(where: string, fn: FunctionDefinition, buckets: ReadonlySet<string>): void {
  text(where, 'module', fn.module);
  text(where, 'export', fn.export);
  optional(where, 'timeoutMs', fn.timeoutMs, `a number above 0 and up to ${LIMITS.functionTimeoutMaxMs}`, (value) => {
    return typeof value === 'number' && value > 0 && value <= LIMITS.functionTimeoutMaxMs;
  });
  optional(
    where,
    'concurrency',
    fn.concurrency,
    'a whole number of at least 1',
    (value) => Number.isSafeInteger(value) && Number(value) >= 1,
  );
  if (fn.requires !== undefined) {
    list(where, 'requires', fn.requires, LIMITS.labels);
    for (const label of fn.requires) text(where, 'requires', label);
  }
  if (fn.sends === undefined) return;
  list(where, 'sends', fn.sends, LIMITS.bucketsPerApp);
  for (const bucket of fn.sends) member(where, 'bucket', bucket, buckets);
  distinct(where, 'sends', fn.sends);
}

function validateTrigger(where: string, trigger: TriggerDefinition, functions: ReadonlySet<string>, buckets: ReadonlySet<string>): void {
  if (!PRIMITIVES.includes(trigger.primitive)) throw invalid(where, `a primitive (${PRIMITIVES.join(', ')})`, show(trigger.primitive));
  member(where, 'bucket', trigger.bucket, buckets);
  member(where, 'function', trigger.target, functions);
  optional(where, 'scope', trigger.scope, '"session" or "app"', (value) => value === 'session' || value === 'app');
  const ofSession = partOfSession(trigger);
  if (trigger.scope === 'app' && ofSession !== undefined) {
    throw invalid(where, `scope "session", since the ${ofSession} of a ${trigger.primitive} trigger belong to one`, '"app"');
  }
  validateParameters(where, trigger, functions);
}

/** What of the trigger belongs to one session, so that it cannot gather over all of them. */
function partOfSession(trigger: TriggerDefinition): string | undefined {
  if (trigger.primitive === 'dynamic-join') return 'declarations';
  if (trigger.rerun !== undefined) return 'hints';
  return 'sources' in trigger && trigger.sources !== undefined ? 'sources' : undefined;
}

function validateParameters(where: string, trigger: TriggerDefinition, functions: ReadonlySet<string>): void {
  /** How many objects the trigger may have to hold before it fires. */
  const held = trigger.scope === 'app' ? LIMITS.objectsPerAppTrigger : Number.MAX_SAFE_INTEGER;
  switch (trigger.primitive) {
    case 'by-name':
      key(where, trigger.key);
      break;
    case 'by-set':
      filled(where, 'keys', trigger.keys);
      for (const each of trigger.keys) key(where, each);
      distinct(where, 'keys', trigger.keys);
      break;
    case 'by-batch-size':
      count(where, 'size', trigger.size, held);
      break;
    case 'by-time':
      within(where, 'windowMs', trigger.windowMs, LIMITS.windowMinMs, LIMITS.windowMaxMs);
      break;
    case 'redundant':
      count(where, 'n', trigger.n, Number.MAX_SAFE_INTEGER);
      count(where, 'k', trigger.k, Math.min(trigger.n, held));
      break;
    case 'dynamic-group':
      validateSources(where, trigger.sources, functions);
      break;
    case 'custom':
      text(where, 'module', trigger.module);
      text(where, 'export', trigger.export);
      if (trigger.sources !== undefined) validateSources(where, trigger.sources, functions);
      break;
    case 'immediate':
    case 'dynamic-join':
  }
}

function validateSources(where: string, sources: readonly string[], functions: ReadonlySet<string>): void {
  filled(where, 'sources', sources);
  for (const source of sources) member(where, 'function', source, functions);
  distinct(where, 'sources', sources);
}

function validateHints(where: string, bucket: string, hints: readonly RerunHint[], functions: readonly FunctionDefinition[]): void {
  filled(where, 'rerun', hints);
  const sends = new Map(functions.map((fn) => [fn.name, fn.sends]));
  for (const hint of hints) {
    member(where, 'function', hint?.source, new Set(sends.keys()));
    const { source, timeoutMs } = hint;
    if (sends.get(source)?.includes(bucket) === false) {
      throw invalid(where, `rerun to name functions that may send to bucket ${show(bucket)}`, show(source));
    }
    if (hint.key !== undefined) key(where, hint.key);
    within(`${where}: rerun of ${show(source)}`, 'timeoutMs', timeoutMs, LIMITS.windowMinMs, LIMITS.windowMaxMs);
  }
  const pairs = hints.map(({ source, key }) => JSON.stringify(key === undefined ? [source] : [source, key]));
  distinct(where, 'source and key of each rerun', pairs);
}

/** Checks the names of one kind and returns them. */
function names(where: string, kind: string, items: readonly { readonly name: string }[]): ReadonlySet<string> {
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    name(`${where}: ${kind} ${index + 1} of ${items.length}`, item?.name);
    if (seen.has(item.name)) throw invalid(where, `${kind} names to be unique`, `${show(item.name)} twice`);
    seen.add(item.name);
  }
  return seen;
}

function name(where: string, value: unknown): void {
  if (typeof value !== 'string' || value.length === 0 || value.length > LIMITS.nameLength) {
    throw invalid(where, `a name of 1 to ${LIMITS.nameLength} characters`, show(value));
  }
}

function key(where: string, value: unknown): void {
  if (typeof value !== 'string' || utf8.encode(value).length > LIMITS.keyBytes) {
    throw invalid(where, `a key of at most ${LIMITS.keyBytes} bytes`, show(value));
  }
}

function text(where: string, field: string, value: unknown): void {
  if (typeof value !== 'string' || value === '') throw invalid(where, `${field} to be a non-empty string`, show(value));
}

function count(where: string, field: string, value: unknown, limit: number): void {
  if (!Number.isSafeInteger(value) || Number(value) < 1 || Number(value) > limit) {
    const most = limit === Number.MAX_SAFE_INTEGER ? 'from 1 up' : `from 1 to ${limit}`;
    throw invalid(where, `${field} to be a whole number ${most}`, show(value));
  }
}

function within(where: string, field: string, value: unknown, min: number, max: number): void {
  if (typeof value !== 'number' || !(value >= min && value <= max)) {
    throw invalid(where, `${field} to be a number from ${min} to ${max}`, show(value));
  }
}

function optional(where: string, field: string, value: unknown, expected: string, holds: (value: unknown) => boolean): void {
  if (value !== undefined && !holds(value)) throw invalid(where, `${field} to be ${expected}`, show(value));
}

function list(where: string, field: string, value: unknown, limit: number): void {
  if (!Array.isArray(value)) throw invalid(where, `${field} to be a list`, show(value));
  if (value.length > limit) throw invalid(where, `at most ${limit} ${field}`, `${value.length}`);
}

function filled(where: string, field: string, value: unknown): void {
  if (!Array.isArray(value) || value.length === 0) throw invalid(where, `${field} to be a list of at least one`, show(value));
}

function distinct(where: string, field: string, values: readonly string[]): void {
  const seen = new Set<string>();
  for (const value of values) {
    if (seen.has(value)) throw invalid(where, `${field} to be unique`, `${show(value)} twice`);
    seen.add(value);
  }
}

function member(where: string, kind: string, value: unknown, of: ReadonlySet<string>): void {
  if (typeof value === 'string' && of.has(value)) return;
  const some = [...of].slice(0, SHOWN_NAMES);
  if (of.size > SHOWN_NAMES) some.push('...');
  throw invalid(where, `a ${kind} of the app (${some.join(', ') || 'it has none'})`, show(value));
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return JSON.stringify(value.length > SHOWN_LENGTH ? `${value.slice(0, SHOWN_LENGTH)}...` : value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

function invalid(where: string, expected: string, got: string): PheromoneError {
  return new PheromoneError('INVALID_APP', `${where}: expected ${expected}, got ${got}`);
}
