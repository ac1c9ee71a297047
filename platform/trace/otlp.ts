/**
 * Traces as OTLP/JSON, the body of a POST to `/v1/traces` of an OpenTelemetry collector: a span for the session, below it
 * one for each invocation, below the one that sent the last of its inputs, from when its trigger could fire to the end of
 * its body, with events in between; and one for each transfer.
 *
 * https://opentelemetry.io/docs/specs/otlp/, https://opentelemetry.io/docs/specs/semconv/faas/
 */
import { createHash } from 'node:crypto';
import type { Span, Trace } from '../wire/messages.ts';
import { producersOf } from './producers.ts';

/** What a trace does not say of itself. */
export interface About {
  readonly app: string;
  /** When the result was there, in milliseconds since 1970: the nodes' clocks count from their machine's start. */
  readonly endedAtMs: number;
}

interface OtlpAttribute {
  readonly key: string;
  readonly value: { readonly stringValue: string } | { readonly intValue: string };
}

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly OtlpAttribute[];
  readonly events?: readonly { readonly name: string; readonly timeUnixNano: string }[];
}

export interface OtlpTrace {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] };
    readonly scopeSpans: readonly { readonly scope: { readonly name: string }; readonly spans: readonly OtlpSpan[] }[];
  }[];
}

const INTERNAL = 1;
const SERVER = 2;
const CLIENT = 3;
const TRACE_ID_DIGITS = 32;
const SPAN_ID_DIGITS = 16;

/** Of the same trace always the same. */
export function toOtlp(trace: Trace, { app, endedAtMs }: About): OtlpTrace {
  const { spans, transfers = [] } = trace;
  const [first] = spans.toSorted((a, b) => a.readyNs - b.readyNs);
  if (first === undefined) return { resourceSpans: [] };
  const endedNs = spans.reduce((last, span) => Math.max(last, span.endedNs), 0);
  const offsetNs = BigInt(Math.round(endedAtMs * 1e6)) - BigInt(endedNs);
  const unixNano = (ns: number): string => `${BigInt(ns) + offsetNs}`;
  const traceId = digits(`${app} ${first.node} ${first.readyNs} ${endedNs} ${spans.length}`, TRACE_ID_DIGITS);
  const idOf = (of: string): string => digits(`${traceId} ${of}`, SPAN_ID_DIGITS);
  const ids = new Map(spans.map((span, index) => [span, idOf(`invocation ${index}`)]));
  const root = idOf('session');
  const of = (fromNs: number, toNs: number) => ({ traceId, startTimeUnixNano: unixNano(fromNs), endTimeUnixNano: unixNano(toNs) });

  const session = {
    ...of(first.readyNs, endedNs),
    spanId: root,
    name: app,
    kind: SERVER,
    attributes: attributes({ 'pheromone.app': app }),
  };
  const byNode = new Map<string, OtlpSpan[]>([[first.node, [session]]]);
  const add = (node: string, span: OtlpSpan): void => {
    const those = byNode.get(node);
    if (those === undefined) byNode.set(node, [span]);
    else those.push(span);
  };
  const producers = producersOf(spans);
  for (const span of spans) {
    add(span.node, {
      ...of(span.readyNs, span.endedNs),
      spanId: ids.get(span) as string,
      parentSpanId: ids.get(producers.get(span) as Span) ?? root,
      name: span.fn,
      kind: INTERNAL,
      attributes: attributes({
        'faas.name': `${app}/${span.fn}`,
        'faas.trigger': 'other',
        'faas.instance': `${span.node}/${span.executor}`,
        'pheromone.attempt': span.attempt,
        'pheromone.after': span.after,
      }),
      events: [
        { name: 'queued', timeUnixNano: unixNano(span.queuedNs) },
        { name: 'started', timeUnixNano: unixNano(span.startedNs) },
      ],
    });
  }
  for (const [index, { from, to, bytes, startedNs, endedNs }] of transfers.entries()) {
    add(to, {
      ...of(startedNs, endedNs),
      ...{ spanId: idOf(`transfer ${index}`), parentSpanId: root, name: `transfer from ${from}`, kind: CLIENT },
      attributes: attributes({ 'network.peer.address': from, 'pheromone.transfer.bytes': bytes }),
    });
  }
  return { resourceSpans: [...byNode].map(([node, those]) => resourceSpans(node, those)) };
}

function resourceSpans(node: string, spans: readonly OtlpSpan[]): OtlpTrace['resourceSpans'][number] {
  const resource = { attributes: attributes({ 'service.name': 'pheromone', 'service.instance.id': node }) };
  return { resource, scopeSpans: [{ scope: { name: 'pheromone' }, spans }] };
}

/** 64-bit numbers are text in OTLP/JSON. */
function attributes(values: Readonly<Record<string, string | number>>): OtlpAttribute[] {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? { stringValue: value } : { intValue: `${value}` },
  }));
}

function digits(of: string, count: number): string {
  return createHash('sha256').update(of).digest('hex').slice(0, count);
}
