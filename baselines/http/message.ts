/** What travels in the headers of a request; its body is the payload alone. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Output, Span } from '../../workloads/api/driver.ts';
import { addCredits, type Credit, type Credits, formatCredits, NO_CREDITS, parseCredits, splitCredit } from './credit.ts';

/** What every message inherits from the invocations that led to it. */
export interface Lineage {
  readonly session: string;
  readonly credits: Credits;
  /** Spans of those invocations that no other message carries; see {@link formatSpan}. */
  readonly spans: string;
  /** Names of the parcels in which more of their spans were sent to the caller, each followed by a semicolon. */
  readonly aside: string;
}

/** Which item of which map or k-out-of-n an invocation is. */
export interface Item {
  readonly dependency: number;
  /** One invocation of the mapping function; unique in the session. */
  readonly instance: string;
  readonly index: number;
  readonly count: number;
}

/** A message about one value, or about the lack of one. */
export interface Message {
  readonly lineage: Lineage;
  /** Where the value comes from and how it is labelled; its bytes are the body. */
  readonly value: Omit<Output, 'bytes'>;
  /** `false`: an item is over, or sources are, and there is no value. */
  readonly hasValue: boolean;
  readonly item?: Item;
}

export function headersOf({ lineage, value, hasValue, item }: Message): Record<string, string> {
  const headers: Record<string, string> = {
    'x-session': lineage.session,
    'x-credit': formatCredits(lineage.credits),
    'x-from': value.from,
  };
  if (lineage.spans !== '') headers['x-spans'] = lineage.spans;
  if (lineage.aside !== '') headers['x-spans-aside'] = lineage.aside;
  if (value.key !== '') headers['x-key'] = encodeURIComponent(value.key.toWellFormed());
  if (value.group !== '') headers['x-group'] = encodeURIComponent(value.group.toWellFormed());
  if (!hasValue) headers['x-no-value'] = '1';
  if (item !== undefined) headers['x-item'] = `${item.dependency},${item.instance},${item.index},${item.count}`;
  return headers;
}

export function messageOf(headers: IncomingHttpHeaders): Message {
  const text = (name: string): string => (headers[name] as string | undefined) ?? '';
  const [dependency, instance, index, count] = text('x-item').split(',');
  return {
    lineage: {
      session: text('x-session'),
      credits: parseCredits(text('x-credit')),
      spans: text('x-spans'),
      aside: text('x-spans-aside'),
    },
    value: { from: text('x-from'), key: decodeURIComponent(text('x-key')), group: decodeURIComponent(text('x-group')) },
    hasValue: text('x-no-value') === '',
    ...(instance === undefined ? {} : { item: { dependency: Number(dependency), instance, index: Number(index), count: Number(count) } }),
  };
}

/** What several lineages of one session come to when their values are joined. */
export function joinLineages(a: Lineage, b: Lineage): Lineage {
  return { session: a.session, credits: addCredits(a.credits, b.credits), spans: a.spans + b.spans, aside: a.aside + b.aside };
}

/** `count` lineages that come to `lineage` when they are joined; the first has the spans. */
export function splitLineage({ session, credits, spans, aside }: Lineage, count: number): readonly Lineage[] {
  const shares = Array.from({ length: count }, () => new Map<string, Credit>());
  for (const [name, credit] of credits) {
    for (const [at, share] of splitCredit(credit, count).entries()) shares[at]!.set(name, share);
  }
  return shares.map((share, at) => ({ session, credits: share, ...(at === 0 ? { spans, aside } : { spans: '', aside: '' }) }));
}

/** A lineage with nothing in it. */
export function emptyLineage(session: string): Lineage {
  return { session, credits: NO_CREDITS, spans: '', aside: '' };
}

export function formatSpan({ fn, startedNs, endedNs }: Span): string {
  return `${fn},${startedNs},${endedNs};`;
}

/** Names of parcels in the text that a lineage has of them. */
export function parcelsIn(aside: string): readonly string[] {
  return aside.split(';').slice(0, -1);
}

export function parseSpans(text: string): Span[] {
  return text
    .split(';')
    .slice(0, -1)
    .map((part) => {
      const [fn, startedNs, endedNs] = part.split(',');
      return { fn: fn!, startedNs: Number(startedNs), endedNs: Number(endedNs) };
    });
}

/** Who is who; told anew whenever a process was replaced. */
export interface Neighbours {
  /** Position of the process that is told so. */
  readonly process: number;
  /** Ports of all processes, in their order, and of the driver. */
  readonly peers: readonly number[];
  readonly caller: number;
}
