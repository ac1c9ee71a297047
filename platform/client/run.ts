/** One call under way, and what it comes to. */
import { PheromoneError } from '../core/errors.ts';
import { WIRE_LIMITS } from '../wire/limits.ts';
import type { NodeMessage, OutputHead, Span } from '../wire/messages.ts';

/** Timers know no longer delays; a deadline beyond is watched by the node alone. */
const TIMER_LIMIT_MS = 2_147_483_647;

/** An object that a function sent as output. */
export interface Output {
  /** The function. */
  readonly source: string;
  readonly key: string;
  readonly group: string;
  /** The caller's own. */
  readonly bytes: Uint8Array;
}

export interface CallResult {
  /** One where the call asked for the first; otherwise all of them, in no particular order. */
  readonly outputs: readonly Output[];
  /** When each invocation ran; empty unless the call asked for a trace. */
  readonly spans: readonly Span[];
}

export interface CallOptions {
  /** Resolve with the first output (default), or with all of them once nothing of the call runs any more. */
  readonly answer?: 'first' | 'all';
  /** After it the call is cancelled and rejects with `DEADLINE_EXCEEDED`. Default: none. */
  readonly deadlineMs?: number | undefined;
  /** Cancels the call. */
  readonly signal?: AbortSignal | undefined;
  /** Have the result say when each invocation ran. */
  readonly trace?: boolean;
}

/** A call that has been started. */
export interface Run {
  /** Rejects with a {@link PheromoneError}. */
  readonly result: Promise<CallResult>;
  /** Gives the call up: its result rejects with `CANCELLED` at once. Does nothing once the call is over. */
  cancel(): void;
}

/** A request that waits for the node's answer. */
export interface Pending {
  /** The answer, unless it is `failed`; handed over as a {@link Connection} does. */
  answer(message: NodeMessage, payload: Uint8Array, isOwn: boolean): void;
  fail(error: PheromoneError): void;
}

/** A call that waits for its answer. */
export class PendingRun implements Run, Pending {
  readonly id: number;
  readonly result: Promise<CallResult>;
  readonly #resolve: (result: CallResult) => void;
  readonly #reject: (error: PheromoneError) => void;
  readonly #abandon: (run: PendingRun, error: PheromoneError) => void;
  #timer: NodeJS.Timeout | undefined;
  #signal: AbortSignal | undefined;
  readonly cancel = (): void => {
    // Whoever cancels knows that the result will reject.
    this.result.catch(() => {});
    this.#abandon(this, new PheromoneError('CANCELLED', `call ${this.id}: cancelled by the caller`));
  };

  /** `abandon` is asked to fail the run, and to tell the node, if it is not over yet. */
  constructor(id: number, abandon: (run: PendingRun, error: PheromoneError) => void) {
    const { promise, resolve, reject } = Promise.withResolvers<CallResult>();
    this.id = id;
    this.result = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#abandon = abandon;
  }

  /** Abandons the run when `signal` fires, or when the node has not kept to the deadline. */
  limit(deadlineMs: number | undefined, signal: AbortSignal | undefined): void {
    if (deadlineMs !== undefined && deadlineMs + WIRE_LIMITS.deadlineGraceMs <= TIMER_LIMIT_MS) {
      this.#timer = setTimeout(() => {
        this.#abandon(
          this,
          new PheromoneError('DEADLINE_EXCEEDED', `call ${this.id}: expected an answer within ${deadlineMs} ms, got none`),
        );
      }, deadlineMs + WIRE_LIMITS.deadlineGraceMs);
    }
    this.#signal = signal;
    signal?.addEventListener('abort', this.cancel);
  }

  answer(message: NodeMessage, payload: Uint8Array, isOwn: boolean): void {
    if (message.type === 'result') {
      this.#unlimit();
      this.#resolve({ outputs: ownOutputs(message.outputs, payload, isOwn), spans: message.spans });
    } else {
      this.fail(new PheromoneError('BAD_MESSAGE', `call ${this.id}: expected a result, got ${message.type}`));
    }
  }

  fail(error: PheromoneError): void {
    this.#unlimit();
    this.#reject(error);
  }

  #unlimit(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.cancel);
  }
}

function ownOutputs(heads: readonly OutputHead[], payload: Uint8Array, isOwn: boolean): Output[] {
  let at = 0;
  return heads.map(({ source, key, group, size }) => {
    // A single output may keep the memory of a payload of its own; many would hold each other's.
    const bytes = isOwn && heads.length === 1 ? payload : new Uint8Array(payload.subarray(at, at + size));
    at += size;
    return { source, key, group, bytes };
  });
}
