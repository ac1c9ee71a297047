/** A run under way, or a fed event, as its caller sees it: what can end it early. */
import { DriverError, type InvokeOptions } from '../../workloads/api/driver.ts';

export class Session {
  /** Rejects when the session is failed before it is closed. */
  readonly failed: Promise<never>;
  readonly #release: () => void;
  #reject!: (error: DriverError) => void;

  constructor({ deadlineMs, signal }: InvokeOptions) {
    this.failed = new Promise((_, reject) => {
      this.#reject = reject;
    });
    this.failed.catch(() => {});
    const late = (): void => this.fail(new DriverError('DEADLINE_EXCEEDED', `expected a result within ${deadlineMs} ms, got none`));
    const cancel = (): void => this.fail(new DriverError('CANCELLED', 'cancelled by the caller'));
    const timer = deadlineMs === undefined ? undefined : setTimeout(late, deadlineMs);
    signal?.addEventListener('abort', cancel, { once: true });
    this.#release = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
    };
  }

  fail(error: DriverError): void {
    this.close();
    this.#reject(error);
  }

  /** Nothing can end it early any more. */
  close(): void {
    this.#release();
  }
}
