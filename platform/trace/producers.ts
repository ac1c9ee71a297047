/** Which invocation sent what another one began with. */
import type { Span } from '../wire/messages.ts';

/**
 * For each span the one of the invocation that sent the last of its inputs, where there is one: an invocation of the
 * function that did, and whose body ran at that time; of several such the one that began last.
 */
export function producersOf(spans: readonly Span[]): Map<Span, Span> {
  const byFunction = Map.groupBy(spans, ({ fn }) => fn);
  for (const those of byFunction.values()) those.sort((a, b) => a.startedNs - b.startedNs);
  const producers = new Map<Span, Span>();
  for (const span of spans) {
    const candidates = byFunction.get(span.after) ?? [];
    for (let at = lastBegun(candidates, span.readyNs); at >= 0; at--) {
      const candidate = candidates[at] as Span;
      if (candidate.endedNs < span.readyNs || candidate === span) continue;
      producers.set(span, candidate);
      break;
    }
  }
  return producers;
}

/** Position of the last span that had begun at a time; -1: none had. */
function lastBegun(sorted: readonly Span[], atNs: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as Span).startedNs <= atNs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
