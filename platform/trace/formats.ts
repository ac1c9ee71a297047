/** The formats that traces are exported in. */
import type { Trace } from '../wire/messages.ts';
import { toChromeTrace } from './chrome.ts';
import { type About, toOtlp } from './otlp.ts';

export const TRACE_FORMATS = ['chrome', 'otlp'] as const;
export type TraceFormat = (typeof TRACE_FORMATS)[number];

/** What is to be written as JSON. */
export function exportTrace(format: TraceFormat, trace: Trace, about: About): object {
  return format === 'chrome' ? toChromeTrace(trace) : toOtlp(trace, about);
}
