/**
 * Traces in the Chrome trace event format, which Perfetto and chrome://tracing show: processes are nodes, threads
 * executors, a body is a slice of its executor. What came before it (its trigger, its wait for an executor) and transfers
 * are asynchronous slices of the node; an arrow leads from the sender of an invocation's last input to the invocation.
 *
 * https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
 */
import type { Span, Trace } from '../wire/messages.ts';
import { producersOf } from './producers.ts';

/** Times in microseconds, from the beginning of the trace. */
export interface ChromeEvent {
  readonly name: string;
  /** X: slice; b, e: begin and end of an asynchronous slice; s, f: begin and end of an arrow; M: metadata. */
  readonly ph: 'X' | 'b' | 'e' | 's' | 'f' | 'M';
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly cat?: string;
  /** Of an asynchronous slice or an arrow. */
  readonly id?: number;
  /** An arrow ends at the slice that encloses its end. */
  readonly bp?: 'e';
  readonly args?: Readonly<Record<string, string | number>>;
}

export interface ChromeTrace {
  readonly displayTimeUnit: 'ns';
  readonly traceEvents: readonly ChromeEvent[];
}

/** The track that a body is drawn on. */
interface Track {
  readonly pid: number;
  readonly tid: number;
  readonly name: string;
  freeNs: number;
}

export function toChromeTrace(trace: Trace): ChromeTrace {
  const { spans, transfers = [] } = trace;
  const begins = [...spans.map(({ readyNs }) => readyNs), ...transfers.map(({ startedNs }) => startedNs)];
  const originNs = begins.reduce((first, ns) => Math.min(first, ns), Number.POSITIVE_INFINITY);
  const at = (ns: number): number => (ns - originNs) / 1_000;
  const nodes = [...new Set([...spans.map(({ node }) => node), ...transfers.map(({ to }) => to)])].sort();
  const pidOf = (node: string): number => nodes.indexOf(node) + 1;
  const tracks = tracksOf(spans, pidOf);
  const events: ChromeEvent[] = nodes.map((node) => ({ name: 'process_name', ph: 'M', pid: pidOf(node), tid: 0, args: { name: node } }));
  for (const { pid, tid, name } of new Set(tracks.values())) events.push({ name: 'thread_name', ph: 'M', pid, tid, args: { name } });
  let id = 0;
  const phase = (name: string, cat: string, pid: number, fromNs: number, toNs: number, args: ChromeEvent['args'] = {}): void => {
    if (toNs <= fromNs) return;
    id++;
    events.push({ name, cat, ph: 'b', id, pid, tid: 0, ts: at(fromNs), args }, { name, cat, ph: 'e', id, pid, tid: 0, ts: at(toNs) });
  };
  const producers = producersOf(spans);
  for (const span of spans) {
    const { fn, attempt, after, readyNs, queuedNs, startedNs, endedNs } = span;
    const { pid, tid } = tracks.get(span) as Track;
    const args = { attempt, after, triggerNs: queuedNs - readyNs, queueNs: startedNs - queuedNs };
    phase(`${fn}: trigger`, 'trigger', pid, readyNs, queuedNs);
    phase(`${fn}: queue`, 'queue', pid, queuedNs, startedNs);
    events.push({ name: fn, cat: 'compute', ph: 'X', pid, tid, ts: at(startedNs), dur: (endedNs - startedNs) / 1_000, args });
    const from = tracks.get(producers.get(span) as Span);
    if (from === undefined) continue;
    id++;
    events.push({ name: 'sent', cat: 'flow', ph: 's', id, pid: from.pid, tid: from.tid, ts: at(readyNs) });
    events.push({ name: 'sent', cat: 'flow', ph: 'f', bp: 'e', id, pid, tid, ts: at(startedNs) });
  }
  for (const { from, to, bytes, startedNs, endedNs } of transfers) {
    phase(`transfer from ${from}`, 'transfer', pidOf(to), startedNs, endedNs, { bytes });
  }
  return { displayTimeUnit: 'ns', traceEvents: events };
}

/** Bodies that await run beside each other on one executor, which then has several tracks: slices of one may not overlap. */
function tracksOf(spans: readonly Span[], pidOf: (node: string) => number): Map<Span, Track> {
  const byExecutor = Map.groupBy(
    spans.toSorted((a, b) => a.startedNs - b.startedNs),
    ({ node, executor }) => `${node} ${executor}`,
  );
  const tracks = new Map<Span, Track>();
  let tid = 0;
  for (const those of byExecutor.values()) {
    const beside: Track[] = [];
    for (const span of those) {
      let track = beside.find(({ freeNs }) => freeNs <= span.startedNs);
      if (track === undefined) {
        const name = `executor ${span.executor}${beside.length === 0 ? '' : ` (${beside.length + 1})`}`;
        track = { pid: pidOf(span.node), tid: ++tid, name, freeNs: 0 };
        beside.push(track);
      }
      track.freeNs = span.endedNs;
      tracks.set(span, track);
    }
  }
  return tracks;
}
