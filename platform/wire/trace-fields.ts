/** Traces in the heads of messages: names once each, then numbers, times as differences where that makes them short. */
import { PheromoneError } from '../core/errors.ts';
import { bad, length, list, multiple, natural, text } from './fields.ts';
import type { Span, Trace, Transfer } from './messages.ts';

const FIELDS_PER_SPAN = 9;
const FIELDS_PER_TRANSFER = 5;

/** One field of a head; an empty list where there is nothing to tell. */
export function traceField({ spans, transfers = [] }: Trace): unknown[] {
  if (spans.length === 0 && transfers.length === 0) return [];
  const names = new Map<string, number>();
  const named = (name: string): number => {
    const known = names.get(name) ?? names.size;
    names.set(name, known);
    return known;
  };
  const spanFields: number[] = [];
  for (const { fn, node, executor, attempt, after, readyNs, queuedNs, startedNs, endedNs } of spans) {
    spanFields.push(named(fn), named(node), executor, attempt, named(after));
    spanFields.push(readyNs, queuedNs - readyNs, startedNs - queuedNs, endedNs - startedNs);
  }
  const transferFields: number[] = [];
  for (const { from, to, bytes, startedNs, endedNs } of transfers) {
    transferFields.push(named(from), named(to), bytes, startedNs, endedNs - startedNs);
  }
  return [[...names.keys()], spanFields, transferFields];
}

/** Throws `BAD_MESSAGE`. */
export function readTrace(field: unknown): Trace {
  const f = list(field, 'trace');
  if (f.length === 0) return { spans: [] };
  length(f, 3, 'trace');
  const names = list(f[0], 'trace.names').map((name) => text(name, 'trace.names'));
  const spans = readItems(f[1], 'trace.spans', FIELDS_PER_SPAN, (fields) => readSpan(fields, names));
  const transfers = readItems(f[2], 'trace.transfers', FIELDS_PER_TRANSFER, (fields) => readTransfer(fields, names));
  return transfers.length === 0 ? { spans } : { spans, transfers };
}

function readItems<T>(field: unknown, where: string, of: number, read: (fields: readonly number[]) => T): T[] {
  const fields = list(field, where);
  multiple(fields, of, where);
  const items: T[] = [];
  for (let at = 0; at < fields.length; at += of) items.push(read(fields.slice(at, at + of).map((value) => natural(value, where))));
  return items;
}

function readSpan(fields: readonly number[], names: readonly string[]): Span {
  const [fn, node, executor, attempt, after, readyNs, triggeredNs, waitedNs, ranNs] = fields as Tuple9;
  const queuedNs = sum(readyNs, triggeredNs);
  const startedNs = sum(queuedNs, waitedNs);
  const endedNs = sum(startedNs, ranNs);
  const who = { fn: nameAt(names, fn), node: nameAt(names, node), executor, attempt, after: nameAt(names, after) };
  return { ...who, readyNs, queuedNs, startedNs, endedNs };
}

function readTransfer(fields: readonly number[], names: readonly string[]): Transfer {
  const [from, to, bytes, startedNs, tookNs] = fields as Tuple5;
  return { from: nameAt(names, from), to: nameAt(names, to), bytes, startedNs, endedNs: sum(startedNs, tookNs) };
}

type Tuple5 = readonly [number, number, number, number, number];
type Tuple9 = readonly [...Tuple5, number, number, number, number];

function nameAt(names: readonly string[], at: number): string {
  const name = names[at];
  if (name === undefined) throw new PheromoneError('BAD_MESSAGE', `trace: expected one of ${names.length} names, got name ${at}`);
  return name;
}

function sum(startNs: number, durationNs: number): number {
  const endNs = startNs + durationNs;
  if (!Number.isSafeInteger(endNs)) throw bad('trace', 'a time in whole nanoseconds', endNs);
  return endNs;
}
