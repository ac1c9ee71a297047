/** The trace of a call: as a table for people, or in a file for tools. */
import { writeFileSync } from 'node:fs';
import { ConfigError } from '../config/config-error.ts';
import { exportTrace, type TraceFormat } from '../trace/formats.ts';
import type { About } from '../trace/otlp.ts';
import type { Span, Trace } from '../wire/messages.ts';

const COLUMN = 12;

/** When each invocation ran, from the start of the first, how long it had waited for its executor, and which that was. */
export function traceTable(spans: readonly Span[]): string {
  const sorted = spans.toSorted((a, b) => a.startedNs - b.startedNs);
  const beginNs = sorted[0]?.startedNs ?? 0;
  const rows = sorted.map(({ fn, node, executor, queuedNs, startedNs, endedNs }) => {
    const times = [startedNs - beginNs, endedNs - startedNs, startedNs - queuedNs].map((ns) => (ns / 1_000).toFixed(1));
    return `${aligned(times)}  ${fn} (${node}, executor ${executor})`;
  });
  return [`${aligned(['start us', 'took us', 'queued us'])}  function`, ...rows].join('\n');
}

/** Throws a `ConfigError` where the file cannot be written. */
export function writeTrace(path: string, format: TraceFormat, trace: Trace, about: About): void {
  try {
    writeFileSync(path, JSON.stringify(exportTrace(format, trace, about)));
  } catch (error) {
    throw new ConfigError(`--trace ${path}: expected a file to write to, got ${(error as NodeJS.ErrnoException).code}`, { cause: error });
  }
}

function aligned(texts: readonly string[]): string {
  return texts.map((text) => text.padStart(COLUMN)).join(' ');
}
