/** Loads and runs function bodies: the part of a platform that is the same wherever bodies are plain calls in a process. */
import { DriverError, type Span } from './driver.ts';
import type { EmitRule } from './graph.ts';
import type { FunctionBody, FunctionContext, FunctionSpec, Input, Label } from './workflow.ts';

/** What an invocation may take where its function says nothing, in milliseconds. */
export const DEFAULT_TIMEOUT_MS = 60_000;

/** A value that a body emitted. */
export interface Emitted {
  readonly bytes: Uint8Array;
  readonly key: string;
  readonly group: string;
}

/** What an invocation came to. */
export interface BodyRun {
  readonly emitted: readonly Emitted[];
  readonly span: Span;
}

/** One invocation. */
export interface BodyCall {
  /** Name of the function in its workflow. */
  readonly name: string;
  readonly inputs: readonly Input[];
  readonly rule: EmitRule;
  readonly timeoutMs: number;
  /** Cancels the invocation: the call rejects with `CANCELLED` at once, whether the body heeds it or not. */
  readonly signal: AbortSignal;
  /** Memory for outputs. Default: a fresh array. */
  readonly allocate?: (size: number) => Uint8Array;
}

/** Nanoseconds on {@link HOST_CLOCK}. */
export function hostNowNs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e9 + nanoseconds;
}

/** Imports the body of function `name`. Rejects with `INVALID_WORKFLOW`. */
export async function loadBody(name: string, spec: FunctionSpec): Promise<FunctionBody> {
  const where = `function "${name}": module ${spec.module}`;
  let exports: Record<string, unknown>;
  try {
    exports = (await import(spec.module)) as Record<string, unknown>;
  } catch (cause) {
    throw new DriverError('INVALID_WORKFLOW', `${where}: expected a module that can be imported, got: ${messageOf(cause)}`, { cause });
  }
  const body = exports[spec.export];
  if (typeof body !== 'function') {
    throw new DriverError('INVALID_WORKFLOW', `${where}: expected a function as its export "${spec.export}", got ${typeof body}`);
  }
  return body as FunctionBody;
}

/**
 * Runs `body` to its end; what it emits after that is dropped. Rejects with a {@link DriverError}: `FUNCTION_FAILED`
 * if it throws or breaks the rule, `FUNCTION_TIMED_OUT`, `CANCELLED`. A body that never gives its thread back is not
 * noticed here.
 */
export async function runBody(body: FunctionBody, call: BodyCall): Promise<BodyRun> {
  const { name, timeoutMs } = call;
  const emitted: Emitted[] = [];
  const own = new OwnSignal(call.signal);
  let isOver = false;
  const context: FunctionContext = {
    inputs: call.inputs,
    get signal() {
      return own.signal;
    },
    allocate: call.allocate ?? ((size) => new Uint8Array(size)),
    emit(bytes, label) {
      if (!isOver) emitted.push(checkEmitted(call, emitted.length, bytes, label));
    },
  };
  const startedNs = hostNowNs();
  try {
    const pending = body(context);
    if (pending !== undefined) await own.settled(pending, call);
    const endedNs = hostNowNs();
    if (endedNs - startedNs > timeoutMs * 1e6) throw timedOut(call);
    return { emitted, span: { fn: name, startedNs, endedNs } };
  } catch (cause) {
    if (cause instanceof DriverError) throw cause;
    throw new DriverError('FUNCTION_FAILED', `function "${name}" failed: ${messageOf(cause)}`, { cause });
  } finally {
    isOver = true;
  }
}

/** The text of anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function timedOut({ name, timeoutMs }: BodyCall): DriverError {
  return new DriverError('FUNCTION_TIMED_OUT', `function "${name}": expected to end within ${timeoutMs} ms, still running`);
}

/** Holds a value that a body emits, after `before` others, to the rule of its function. Throws what `FUNCTION_FAILED` is to say. */
export function checkEmitted(
  { name, rule }: Pick<BodyCall, 'name' | 'rule'>,
  before: number,
  bytes: Uint8Array,
  label: Label | undefined,
): Emitted {
  const { key = '', group = '' } = label ?? {};
  if (!(bytes instanceof Uint8Array)) throw new TypeError(`expected to emit a Uint8Array, got ${typeof bytes}`);
  if (before > 0 && !rule.many) throw new RangeError(`expected "${name}" to emit at most one value, got a second`);
  if (rule.keys !== undefined && !rule.keys.includes(key)) {
    throw new RangeError(`expected a value with the key of a branch (${rule.keys.join(', ')}), got "${key}"`);
  }
  if (rule.grouped && group === '') throw new RangeError('expected a value that names its group, got none');
  return { bytes, key, group };
}

/** The signal of one invocation: made only if the body or a wait asks for it. */
class OwnSignal {
  readonly #outer: AbortSignal;
  #controller: AbortController | undefined;

  constructor(outer: AbortSignal) {
    this.#outer = outer;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#outer.aborted) this.#controller.abort(this.#outer.reason);
    }
    return this.#controller.signal;
  }

  /** Resolves with `pending`, unless time or the caller ends it first. */
  settled(pending: Promise<void>, call: BodyCall): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (error: DriverError): void => {
        release();
        reject(error);
        this.#controller?.abort(error);
      };
      const onAbort = (): void => end(new DriverError('CANCELLED', `function "${call.name}": cancelled while it ran`));
      const timer = setTimeout(() => end(timedOut(call)), call.timeoutMs);
      const release = (): void => {
        clearTimeout(timer);
        this.#outer.removeEventListener('abort', onAbort);
      };
      this.#outer.addEventListener('abort', onAbort, { once: true });
      if (this.#outer.aborted) onAbort();
      pending.then(resolve, reject).finally(release);
    });
  }
}
