/** What the processes say to each other: JSON over HTTP between driver, service and functions; ports and pids over IPC. */
import type { DriverErrorCode, Span } from '../../workloads/api/driver.ts';
import type { Program } from './compile.ts';

/** `POST /CreateStateMachine`, answered once every function process has loaded the functions. */
export interface CreateRequest extends Program {
  /** Unique among the state machines of the service. */
  readonly name: string;
}

/** `POST /DeleteStateMachine`. */
export interface DeleteRequest {
  readonly name: string;
}

/** `POST /StartSyncExecution`, answered with an {@link ExecutionResult} when it is over. */
export interface StartRequest {
  readonly stateMachine: string;
  /** Unique among the executions of the service. */
  readonly execution: string;
  /** JSON, as text. */
  readonly input: string;
}

/** `POST /StopExecution`. */
export interface StopRequest {
  readonly execution: string;
}

/** How an execution ended. Spans are beside the output, as a trace is, and not counted. */
export type ExecutionResult =
  | { readonly status: 'SUCCEEDED'; readonly output: string; readonly spans: readonly Span[] }
  | ({ readonly status: 'FAILED' } & Failure);

/** What went wrong; a refused request is answered with it too, and an error of a function holds it. */
export interface Failure {
  readonly error: DriverErrorCode | 'NoValue';
  readonly cause: string;
}

/** Header of a function's answer: when its body ran. */
export const SPAN_HEADER = 'x-span';
/** Header of a function's answer that holds a {@link Failure}, as Lambda names it. */
export const FUNCTION_ERROR_HEADER = 'x-amz-function-error';

/** A process to its parent, over IPC: with the first one it takes requests. */
export interface Notice {
  readonly port: number;
  /** Processes that it has started, as they are now. */
  readonly pids: readonly number[];
}
