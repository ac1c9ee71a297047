import type { Span } from '../messages.ts';

/** The span of an invocation that had to wait for nothing. */
export function spanOf(fn: string, startedNs: number, endedNs: number): Span {
  return { fn, node: 'w', executor: 1, attempt: 1, after: '', readyNs: startedNs, queuedNs: startedNs, startedNs, endedNs };
}
