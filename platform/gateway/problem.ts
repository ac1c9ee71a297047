/** Errors as HTTP tells them: `application/problem+json` (RFC 9457) with the platform's stable code. */
import { STATUS_CODES } from 'node:http';
import type { FastifyReply } from 'fastify';
import { type ErrorCode, PheromoneError } from '../core/errors.ts';
import type { Log } from '../log/log.ts';
import type { GatewayLimits } from './limits.ts';

/** The platform's codes, and those of what only HTTP knows. */
export type ProblemCode = ErrorCode | HttpCode;

export type HttpCode =
  | 'UNKNOWN_ROUTE'
  /** None of that id, or not any more. */
  | 'UNKNOWN_RUN'
  /** A web page of another site asks through its visitor's browser. */
  | 'FORBIDDEN'
  /** The client took too long to send its request. */
  | 'REQUEST_TIMED_OUT'
  | 'HEADERS_TOO_LARGE'
  /** Not HTTP. */
  | 'MALFORMED_REQUEST';

/** Which status goes with which code. */
export const STATUS_BY_CODE: Readonly<Record<ProblemCode, number>> = {
  INVALID_ARGUMENT: 400,
  MALFORMED_REQUEST: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  UNKNOWN_APP: 404,
  UNKNOWN_FUNCTION: 404,
  UNKNOWN_ROUTE: 404,
  UNKNOWN_RUN: 404,
  REQUEST_TIMED_OUT: 408,
  CANCELLED: 409,
  OBJECT_TOO_LARGE: 413,
  FUNCTION_LOAD_FAILED: 422,
  INVALID_APP: 422,
  OVERLOADED: 429,
  HEADERS_TOO_LARGE: 431,
  INTERNAL: 500,
  BAD_MESSAGE: 502,
  FUNCTION_FAILED: 502,
  NO_OUTPUT: 502,
  TOO_MANY_RERUNS: 502,
  TRIGGER_FAILED: 502,
  UNKNOWN_BUCKET: 502,
  UNKNOWN_OBJECT: 502,
  DISCONNECTED: 503,
  EXECUTOR_DIED: 503,
  NODE_LOST: 503,
  NO_NODE: 503,
  WRONG_COORDINATOR: 503,
  DEADLINE_EXCEEDED: 504,
  FUNCTION_TIMED_OUT: 504,
  OUT_OF_MEMORY: 507,
  STORE_FAILED: 507,
};

/** What a client should wait before it tries again what may succeed later. */
const RETRY_AFTER_SECONDS = 1;

/** A body of `application/problem+json`; its type is `about:blank`, so that its title is the status's. */
export interface Problem {
  readonly title: string;
  readonly status: number;
  readonly code: ProblemCode;
  /** Where, what was expected, what came. */
  readonly detail: string;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
}

/** An error that only HTTP knows. */
export class HttpError extends Error {
  readonly code: HttpCode;

  constructor(code: HttpCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Makes a problem of whatever was thrown: `INTERNAL`, without its text, for what has no code. */
export function problemOf(error: unknown, { detailLength }: GatewayLimits): Problem {
  const known = error instanceof PheromoneError || error instanceof HttpError ? error : knownFastifyError(error);
  const status = STATUS_BY_CODE[known.code];
  return {
    title: STATUS_CODES[status] ?? '',
    status,
    code: known.code,
    detail: known.message.length > detailLength ? `${known.message.slice(0, detailLength)}...` : known.message,
    retryable: known instanceof PheromoneError && known.retryable,
  };
}

/** Answers with an error. */
export function sendProblem(reply: FastifyReply, error: unknown, { limits, log }: { limits: GatewayLimits; log: Log }): void {
  const problem = problemOf(error, limits);
  if (problem.code === 'INTERNAL') log.error('a request could not be served', { err: error });
  if (problem.code === 'UNAUTHENTICATED') reply.header('www-authenticate', 'Bearer');
  if (problem.retryable) reply.header('retry-after', `${RETRY_AFTER_SECONDS}`);
  reply.code(problem.status).header('content-type', 'application/problem+json').send(JSON.stringify(problem));
}

function knownFastifyError(error: unknown): PheromoneError {
  const { statusCode = 500, message = '' } = error as { statusCode?: number; message?: string };
  if (statusCode >= 400 && statusCode < 500) return new PheromoneError('INVALID_ARGUMENT', `request: ${message}`);
  return new PheromoneError('INTERNAL', 'gateway: the request could not be served', { cause: error });
}
