/** What a session's caller is answered with. */
import type { ObjectMeta } from '../core/trigger.ts';
import { executorNumber } from '../executor/protocol.ts';
import type { ObjectStore } from '../store/objects.ts';
import type { OutputHead, Span, Trace } from '../wire/messages.ts';
import type { SessionState } from './sessions.ts';

/** Where outputs and spans are read from. */
interface Memory {
  /** What the node is called. */
  readonly self: string;
  readonly objects: ObjectStore;
}

const NO_TRACE: Trace = { spans: [] };

export class Answers {
  readonly #memory: Memory;
  readonly #tracesElsewhere: (session: SessionState) => readonly Trace[];
  readonly #read: (session: SessionState) => void;

  /** `read` is called when the caller has done with the outputs, which lie in the session's memory. */
  constructor(memory: Memory, tracesElsewhere: (session: SessionState) => readonly Trace[], read: (session: SessionState) => void) {
    this.#memory = memory;
    this.#tracesElsewhere = tracesElsewhere;
    this.#read = read;
  }

  /** Hands the caller outputs whose bytes are all here. */
  give(session: SessionState, outputs: readonly ObjectMeta[]): void {
    const heads: OutputHead[] = [];
    const bytes: Uint8Array[] = [];
    let answeredNs = 0;
    for (const { ref, source, key, group } of outputs) {
      const payload = this.#memory.objects.payload(ref);
      heads.push({ source, key, group, size: payload.length });
      bytes.push(payload);
      answeredNs = this.#memory.objects.sentNs(ref);
    }
    const trace = merged(this.trace(session, answeredNs), this.#tracesElsewhere(session));
    session.caller.answered(heads, bytes, trace, () => this.#read(session));
  }

  /** What this node can tell of the session's course. A body that still runs counts as far as the answer. */
  trace(session: SessionState, answeredNs: number): Trace {
    if (session.transfers === undefined) return NO_TRACE;
    return { spans: this.#spans(session, answeredNs), transfers: session.transfers.length === 0 ? undefined : session.transfers };
  }

  #spans({ slot, app: { plan } }: SessionState, answeredNs: number): Span[] {
    const nameOf = (fn: number): string => plan.functions[fn]?.definition.name ?? '';
    return this.#memory.objects.spans
      .of(slot)
      .filter(({ startedNs }) => startedNs > 0)
      .map(({ fn, thread, after, endedNs, ...span }) => ({
        ...span,
        fn: nameOf(fn),
        node: this.#memory.self,
        executor: executorNumber(thread),
        after: nameOf(after),
        endedNs: endedNs === 0 ? Math.max(span.startedNs, answeredNs) : endedNs,
      }));
  }
}

function merged(here: Trace, elsewhere: readonly Trace[]): Trace {
  if (elsewhere.length === 0) return here;
  const all = [here, ...elsewhere];
  const transfers = all.flatMap((trace) => trace.transfers ?? []);
  return { spans: all.flatMap(({ spans }) => spans), transfers: transfers.length === 0 ? undefined : transfers };
}
