/** What the harness asks of a platform: about six calls, behind which the platform runs in processes of its own. */
import { isScoped, type Pattern, type Scope, type ScopedPattern, type Workflow } from './workflow.ts';

/**
 * How a platform's figures may be read. `real`: the platform itself. `replica`: rebuilt with the published
 * processes, messages and data path. `emulation`: an interpreter of a cloud's language on this machine.
 * `calibration`: no platform, a known quantity to test the harness with.
 */
export type PlatformClass = 'real' | 'replica' | 'emulation' | 'calibration';

/** How a platform comes by a pattern. */
export type Support =
  /** A primitive of the platform. */
  | { readonly kind: 'native'; readonly with: string }
  /**
   * Programmed on other primitives. `definition` is the path, in the platform's repository, of an idiomatic definition
   * written by hand; `lines` counts its lines without comments and blank ones.
   */
  | { readonly kind: 'emulated'; readonly with: string; readonly lines?: number; readonly definition?: string }
  | { readonly kind: 'unsupported'; readonly why: string };

/** What a platform declares of itself; the expressiveness table is made from it and proven by running it. */
export interface Capabilities {
  readonly patterns: Readonly<Record<Pattern, Support>>;
  /** Batches and windows of app scope, where the platform comes by them otherwise than by those of session scope. */
  readonly appScope?: Readonly<Partial<Record<ScopedPattern, Support>>>;
  /**
   * The largest value between two functions and from the caller, in bytes as the workload sees them before the
   * platform's encoding; `Infinity` if only memory bounds it. A larger one is refused with `PAYLOAD_TOO_LARGE`, whose
   * message names this limit and the value's size, both in bytes.
   */
  readonly payloadLimitBytes: number;
  /** How often an accepted invocation runs when nothing fails and when something does. */
  readonly delivery: 'at-most-once' | 'at-least-once' | 'exactly-once';
  /** What an accepted run outlives: nothing, the death of one process, or that of the whole machine. */
  readonly durability: 'none' | 'process' | 'machine';
  /** What keeps functions apart. */
  readonly isolation: 'none' | 'thread' | 'process' | 'container';
}

/** What a platform declares of `pattern` in `scope`. */
export function supportOf({ patterns, appScope }: Capabilities, pattern: Pattern, scope: Scope): Support {
  return (scope === 'app' && isScoped(pattern) ? appScope?.[pattern] : undefined) ?? patterns[pattern];
}

/** Whether a platform can run on this machine. */
export type Availability =
  | { readonly runs: true; readonly version: string }
  | { readonly runs: false; readonly why: string; readonly remedy: string };

/** How to start a platform. */
export interface StartOptions {
  /** Executors: how many function invocations may compute at once. */
  readonly executors: number;
  /** A folder of the run's own, for files and logs; removed by the harness after the stop. */
  readonly dataDir: string;
}

/** A platform: a static description and a way to start it. */
export interface Driver {
  /** Lower-case letters, digits and dashes; unique. */
  readonly name: string;
  readonly title: string;
  readonly class: PlatformClass;
  readonly capabilities: Capabilities;
  /** Tells without side effects whether the platform can run here. */
  probe(): Promise<Availability>;
  /** Starts the platform's processes; resolves once it takes deployments. Rejects, and leaves nothing behind, if it cannot. */
  start(options: StartOptions): Promise<Platform>;
}

/** A started platform. */
export interface Platform {
  /** Process ids of all processes of the platform, to sample memory and processor time, and to check that none is left. */
  pids(): readonly number[];
  /** Makes a workflow callable. Rejects with a {@link DriverError} where the platform cannot express it. */
  deploy(workflow: Workflow): Promise<Deployment>;
  /** Ends every process that the platform started. Never rejects; may be called twice. */
  stop(): Promise<void>;
}

/** A deployed workflow. */
export interface Deployment {
  /** One run of a request workflow. Rejects with a {@link DriverError}. */
  invoke(input: Uint8Array, options?: InvokeOptions): Promise<Invoked>;
  /**
   * Hands one event to a streaming workflow; resolves once it is accepted, and rejects with a {@link DriverError} if it
   * is not. The options hold for the session that the event opens: one that misses its deadline or is cancelled after
   * it was accepted fails, which subscribers are told. Values that a batch or window of app scope has taken stay there.
   */
  feed(event: Uint8Array, options?: InvokeOptions): Promise<void>;
  /**
   * Calls `listener` with every value that a streaming workflow gives out, and `failed` for every session of it that
   * fails: one that was fed, or one that a batch or window opened. Until the returned function is called.
   */
  subscribe(listener: (output: StreamOutput) => void, failed?: (error: DriverError) => void): () => void;
  /** Takes the workflow back; runs under way are cancelled. */
  remove(): Promise<void>;
}

export interface InvokeOptions {
  /** From the call on; after it the run is cancelled and the call rejects with `DEADLINE_EXCEEDED`. Default: the platform's. */
  readonly deadlineMs?: number;
  /** Cancels the run; the call rejects with `CANCELLED`. */
  readonly signal?: AbortSignal;
}

/** A value handed to the caller. */
export interface Output {
  /** The function that emitted it. */
  readonly from: string;
  readonly key: string;
  readonly group: string;
  /** The caller's own copy. */
  readonly bytes: Uint8Array;
}

/** A value given out by a streaming workflow. */
export interface StreamOutput extends Output {
  readonly trace: Trace;
}

/** What one run came to. */
export interface Invoked {
  readonly outputs: readonly Output[];
  readonly trace: Trace;
}

/** One invocation of a function body. Taken in the process that runs the body, just before and just after it. */
export interface Span {
  readonly fn: string;
  /** Nanoseconds on the trace's clock. */
  readonly startedNs: number;
  readonly endedNs: number;
}

/** The clock of one machine that all its processes share: CLOCK_MONOTONIC, `process.hrtime` in Node. */
export const HOST_CLOCK = 'host';

/** When the bodies of a run ran; it travels beside the payload, never in it. */
export interface Trace {
  /** Times are only comparable within one domain: {@link HOST_CLOCK}, or a name that the platform makes up. */
  readonly clock: string;
  /** In no particular order. */
  readonly spans: readonly Span[];
  /** A delay that the platform was asked to add, as it really turned out. Calibration only. */
  readonly injectedNs?: number;
}

/** What can go wrong with a run, the same words on every platform. */
export type DriverErrorCode =
  | 'UNSUPPORTED_PATTERN'
  | 'INVALID_WORKFLOW'
  | 'PAYLOAD_TOO_LARGE'
  | 'FUNCTION_FAILED'
  | 'FUNCTION_TIMED_OUT'
  | 'CANCELLED'
  | 'DEADLINE_EXCEEDED'
  | 'PLATFORM_UNAVAILABLE'
  | 'PLATFORM_FAILED';

/** An error with a stable code. The message says what was expected, what came and where. */
export class DriverError extends Error {
  override readonly name = 'DriverError';
  readonly code: DriverErrorCode;

  constructor(code: DriverErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
