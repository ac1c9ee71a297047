/** What functions print, as records of the log that say who printed it. */
import type { Log } from '../log/log.ts';

/** Of what is printed at once; the rest is cut off. */
const RECORD_LENGTH = 16_384;

/** Who runs at the moment. */
export interface Printing {
  readonly app: string;
  readonly fn: string;
}

/**
 * Has everything that this thread prints written to the log, at once: a thread's own stdout goes by way of the
 * node's main thread, and stands still while the thread is parked. What goes to stderr is a warning.
 */
export function logOutput(log: Log, current: () => Printing | undefined): void {
  for (const [stream, level] of [['stdout', 'info'] as const, ['stderr', 'warn'] as const]) {
    process[stream].write = (chunk: Uint8Array | string, ...rest: unknown[]): boolean => {
      const encoding = typeof rest[0] === 'string' ? (rest[0] as BufferEncoding) : 'utf8';
      const text = Buffer.from(chunk as string, encoding)
        .toString()
        .replace(/\n$/, '');
      const by = current();
      const facts = { stream, ...(by === undefined ? {} : { app: by.app, function: by.fn }) };
      log[level](text.length > RECORD_LENGTH ? `${text.slice(0, RECORD_LENGTH)} ...` : text, facts);
      const done = rest.find((each) => typeof each === 'function') as (() => void) | undefined;
      if (done !== undefined) queueMicrotask(done);
      return true;
    };
  }
}
