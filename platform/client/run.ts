/** What is asked of an app, and what it comes to. */
import type { NodeMessage, OutputHead, Trace } from '../wire/messages.ts';
import { expectAnswer } from './pending.ts';

/** An object that a function sent as output. */
export interface Output {
  /** The function. */
  readonly source: string;
  readonly key: string;
  readonly group: string;
  /** The caller's own. */
  readonly bytes: Uint8Array;
}

export interface CallResult extends Trace {
  /** One where the call asked for the first; otherwise all of them, in no particular order. */
  readonly outputs: readonly Output[];
}

export interface CallOptions {
  /** Resolve with the first output (default), or with all of them once nothing of the call runs any more. */
  readonly answer?: 'first' | 'all';
  /** After it the call is cancelled and rejects with `DEADLINE_EXCEEDED`. Default: none. */
  readonly deadlineMs?: number | undefined;
  /** Cancels the call. */
  readonly signal?: AbortSignal | undefined;
  /** Have the result tell of the session's course: see `Trace`. */
  readonly trace?: boolean;
}

/** A call that has been started. */
export interface Run {
  /** Rejects with a {@link PheromoneError}. */
  readonly result: Promise<CallResult>;
  /** Gives the call up: its result rejects with `CANCELLED` at once. Does nothing once the call is over. */
  cancel(): void;
}

export interface FeedOptions {
  /** After it the session is given up, accepted or not. Default: none. */
  readonly deadlineMs?: number | undefined;
  /**
   * Gives up the session, accepted or not. What that takes is kept with the signal until the deadline, without one
   * as long as there is the signal.
   */
  readonly signal?: AbortSignal | undefined;
}

/** Reads the answer to a call. */
export function readResult(message: NodeMessage, payload: Uint8Array, isOwn: boolean): CallResult {
  const result = expectAnswer(message, 'result');
  return { outputs: ownOutputs(result.outputs, payload, isOwn), ...traceOf(result) };
}

/** What a message says of a session's course. */
export function traceOf({ spans, transfers }: Trace): Trace {
  return transfers === undefined ? { spans } : { spans, transfers };
}

/** The outputs that lie in a payload, each with memory of its own. */
export function ownOutputs(heads: readonly OutputHead[], payload: Uint8Array, isOwn: boolean): Output[] {
  let at = 0;
  return heads.map(({ source, key, group, size }) => {
    // A single output may keep the memory of a payload of its own; many would hold each other's.
    const bytes = isOwn && heads.length === 1 ? payload : new Uint8Array(payload.subarray(at, at + size));
    at += size;
    return { source, key, group, bytes };
  });
}
