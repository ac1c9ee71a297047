/** What a session's caller is answered with. */
import type { ObjectMeta } from '../core/trigger.ts';
import type { ObjectStore } from '../store/objects.ts';
import type { SessionTable } from '../store/sessions.ts';
import type { OutputHead, Span } from '../wire/messages.ts';
import type { SessionState } from './sessions.ts';

/** Where outputs and spans are read from. */
interface Memory {
  readonly objects: ObjectStore;
  readonly table: SessionTable;
}

export class Answers {
  readonly #memory: Memory;
  readonly #spansElsewhere: (session: SessionState) => readonly Span[];
  readonly #read: (session: SessionState) => void;

  /** `read` is called when the caller has done with the outputs, which lie in the session's memory. */
  constructor(
    memory: Memory,
    spansElsewhere: (session: SessionState) => readonly Span[],
    read: (session: SessionState) => void,
  ) {
    this.#memory = memory;
    this.#spansElsewhere = spansElsewhere;
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
    const spans = [...this.spans(session, answeredNs), ...this.#spansElsewhere(session)];
    session.caller.answered(heads, bytes, spans, () => this.#read(session));
  }

  /** When invocations of the session ran on this node. A body that still runs counts as far as the answer. */
  spans({ slot, app }: SessionState, answeredNs: number): Span[] {
    if (!this.#memory.table.isTraced(slot)) return [];
    return this.#memory.objects
      .spans(slot)
      .filter(({ startedNs }) => startedNs > 0)
      .map(({ fn, startedNs, endedNs }) => ({
        fn: app.plan.functions[fn]?.definition.name ?? '',
        startedNs,
        endedNs: endedNs === 0 ? Math.max(startedNs, answeredNs) : endedNs,
      }));
  }
}
