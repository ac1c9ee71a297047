/** Errors on their way through Restate: it carries a status and a message, and does not retry a terminal error. */
import { TerminalError } from '@restatedev/restate-sdk';
import { DriverError, type DriverErrorCode } from '../../workloads/api/driver.ts';
import { messageOf } from '../../workloads/api/run-body.ts';

/** 409 is also what Restate itself says of a cancelled invocation. */
const STATUS = {
  FUNCTION_FAILED: 422,
  FUNCTION_TIMED_OUT: 504,
  PAYLOAD_TOO_LARGE: 413,
  CANCELLED: 409,
} satisfies Partial<Record<DriverErrorCode, number>>;

/** The error of a function as Restate is to record it. What is no {@link DriverError} is a fault of the platform, which Restate retries. */
export function toTerminal(error: unknown): unknown {
  const status = error instanceof DriverError ? (STATUS as Partial<Record<DriverErrorCode, number>>)[error.code] : undefined;
  return status === undefined ? error : new TerminalError(messageOf(error), { errorCode: status });
}

/** The error that a status and a message stand for. */
export function fromStatus(status: number, message: string): DriverError {
  const [code] = Object.entries(STATUS).find(([, known]) => known === status) ?? [];
  return code === undefined
    ? new DriverError('PLATFORM_FAILED', `expected a result of Restate, got status ${status}: ${message}`)
    : new DriverError(code as DriverErrorCode, message);
}
