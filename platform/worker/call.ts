import type { ErrorCode } from '../core/errors.ts';
import type { OutputHead, Span } from '../wire/messages.ts';

/** What a caller asks for. */
export interface CallRequest {
  readonly app: string;
  readonly fn: string;
  readonly answer: 'first' | 'all';
  /** From now on. */
  readonly deadlineMs: number | undefined;
  readonly trace: boolean;
}

/** An event for a stream; its session's outputs go to the app's subscribers. */
export interface FeedRequest {
  readonly app: string;
  readonly fn: string;
  /** From now on. */
  readonly deadlineMs: number | undefined;
}

/** How a caller learns what became of a call: exactly one of the two, once. */
export interface Caller {
  /** `bytes` are views of object memory; they hold until `release` is called, which must be done once. */
  answered(outputs: readonly OutputHead[], bytes: readonly Uint8Array[], spans: readonly Span[], release: () => void): void;
  failed(code: ErrorCode, message: string): void;
}
