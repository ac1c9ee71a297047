/** When invocations ran, as records in the arena: written and listed by thread as objects are. */
import type { SessionAllocator } from './allocator.ts';
import { ALIGN_BYTES, type StoreMemory } from './memory.ts';
import { type SessionTable, SPANS } from './sessions.ts';

const SPAN_BYTES = 48;

/** What is known of an invocation when its body is about to start; see `Span` in wire/messages.ts. */
export interface SpanStart {
  readonly fn: number;
  readonly attempt: number;
  /** The function that sent the last of its inputs, or -1. */
  readonly after: number;
  readonly readyNs: number;
  readonly queuedNs: number;
}

/** An invocation's times, as {@link SpanStore.of} reads them. */
export interface SpanRecord extends SpanStart {
  /** The one that ran it. */
  readonly thread: number;
  readonly startedNs: number;
  /** 0 while the body runs. */
  readonly endedNs: number;
}

/** One thread's view of the spans of all sessions. */
export class SpanStore {
  readonly #sessions: SessionTable;
  readonly #thread: number;
  readonly #allocator: SessionAllocator;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;

  constructor(memory: StoreMemory, sessions: SessionTable, thread: number, allocator: SessionAllocator) {
    this.#sessions = sessions;
    this.#thread = thread;
    this.#allocator = allocator;
    this.#words = new Int32Array(memory.arena);
    this.#doubles = new Float64Array(memory.arena);
  }

  /** Makes the record of a body about to start; returns what {@link start} and {@link end} take. */
  add(slot: number, epoch: number, { fn, attempt, after, readyNs, queuedNs }: SpanStart): number {
    const offset = this.#allocator.allocate(slot, epoch, SPAN_BYTES);
    const words = offset / 4;
    const doubles = offset / 8;
    this.#words[words + 1] = fn;
    this.#words[words + 2] = attempt;
    this.#words[words + 3] = after;
    this.#doubles[doubles + 2] = readyNs;
    this.#doubles[doubles + 3] = queuedNs;
    this.#doubles[doubles + 4] = 0;
    this.#doubles[doubles + 5] = 0;
    this.#sessions.join(slot, this.#thread);
    this.#words[words] = this.#sessions.head(slot, SPANS, this.#thread);
    const span = offset / ALIGN_BYTES;
    this.#sessions.setHead(slot, SPANS, this.#thread, span + 1);
    return span;
  }

  start(span: number, startedNs: number): void {
    this.#doubles[(span * ALIGN_BYTES) / 8 + 4] = startedNs;
  }

  end(span: number, endedNs: number): void {
    this.#doubles[(span * ALIGN_BYTES) / 8 + 5] = endedNs;
  }

  /** All spans of a session, of all threads. */
  of(slot: number): SpanRecord[] {
    const spans: SpanRecord[] = [];
    this.#sessions.forEachThread(slot, (thread) => {
      let span = this.#sessions.head(slot, SPANS, thread) - 1;
      while (span >= 0) {
        const at = (span * ALIGN_BYTES) / 8;
        const words = span * (ALIGN_BYTES / 4);
        spans.push({
          fn: this.#words[words + 1] as number,
          attempt: this.#words[words + 2] as number,
          after: this.#words[words + 3] as number,
          thread,
          readyNs: this.#doubles[at + 2] as number,
          queuedNs: this.#doubles[at + 3] as number,
          startedNs: this.#doubles[at + 4] as number,
          endedNs: this.#doubles[at + 5] as number,
        });
        span = (this.#words[words] as number) - 1;
      }
    });
    return spans;
  }
}
