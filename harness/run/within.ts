import { DriverError } from '../../workloads/api/driver.ts';

/**
 * Waits for a platform's answer, but no longer than `timeoutMs`, and not after `signal`. Rejects with a
 * {@link DriverError}: `DEADLINE_EXCEEDED` or `CANCELLED`. What comes later is ignored.
 */
export function within<T>(timeoutMs: number, what: string, answer: Promise<T>, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = (): void => settle(() => reject(new DriverError('CANCELLED', `${what}: cancelled`)));
    const timer = setTimeout(
      () => settle(() => reject(new DriverError('DEADLINE_EXCEEDED', `${what}: expected an answer within ${timeoutMs} ms, got none`))),
      timeoutMs,
    );
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
      finish();
    };
    if (signal?.aborted) cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    answer.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    );
  });
}

/** The stable code and the message of whatever a driver rejected with. */
export function describe(error: unknown): { readonly code: string; readonly why: string } {
  if (!(error instanceof Error)) return { code: 'PLATFORM_FAILED', why: String(error) };
  const { code } = error as { code?: unknown };
  return { code: typeof code === 'string' ? code : 'PLATFORM_FAILED', why: error.message };
}
