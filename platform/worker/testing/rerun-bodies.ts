/** A trigger that has silent sources run again, and functions that make it do so. */
import type { StartedSource, TriggerFactory } from '../../core/trigger.ts';
import type { FunctionBody } from '../../executor/library.ts';

export interface RetryConfig {
  readonly timeoutMs: number;
  /** The target starts with an object that comes after so many starts of sources. */
  readonly starts: number;
}

/** Waits for one object; runs sources again until it is there. */
export const retry: TriggerFactory = ({ config }) => {
  const { timeoutMs, starts } = config as RetryConfig;
  let told = 0;
  let waiting: { readonly source: StartedSource; readonly dueMs: number } | undefined;
  return {
    onSourceStarted(source, nowMs) {
      told += 1;
      waiting = { source, dueMs: nowMs + timeoutMs };
    },
    onObject(object) {
      waiting = undefined;
      return told >= starts ? [{ objects: [object] }] : [];
    },
    overdue(nowMs) {
      if (waiting === undefined || waiting.dueMs > nowMs) return [];
      const { source } = waiting;
      waiting = undefined;
      return [source];
    },
    dueMs: () => waiting?.dueMs,
  };
};

/** Sends two objects to be joined, and declares that a join of none is complete. */
export const scatter: FunctionBody = (library) => {
  library.expect('none', 'g', []);
  for (const key of ['x', 'y']) library.send(Buffer.from(`value of ${key}`), { bucket: 'pair', key });
};

/** Says what it was started with, from its second run in the session on. */
export const speaksLater: FunctionBody = (library) => {
  const before = library.get('runs', library.fn);
  library.send(new Uint8Array(0), { bucket: 'runs', key: library.fn });
  if (before === undefined) return;
  const texts = library.inputs.map(({ key, bytes }) => `${key}: ${Buffer.from(bytes)}`);
  library.send(Buffer.from(texts.join() || 'nothing'), { bucket: 'said', key: library.fn });
};

/** Ends its executor the first time. */
export const diesOnce: FunctionBody = (library) => {
  if (library.attempt === 1) process.exit(1);
  library.send(Buffer.from(`attempt ${library.attempt}`), { bucket: 'said' });
};

export const passOn: FunctionBody = (library) => library.send(library.inputs[0]!.bytes, {}, { output: true });
