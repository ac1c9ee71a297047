/** What an executor knows of an invocation whose body is about to start. */
import { NO_FUNCTION, type ObjectStore } from '../store/objects.ts';
import type { SpanStart } from '../store/spans.ts';
import type { EntryId, Invocation, Ledger } from './ledger.ts';

const MICROSECOND_NS = 1_000;

/** `entry`: what the ledger says of the held entry `id`. No time of it is after `nowNs`. */
export function spanStart(objects: ObjectStore, ledger: Ledger, id: EntryId, entry: Invocation, nowNs: number): SpanStart {
  const { fn, inputs, inputCount, attempt } = entry;
  const ledgerNs = ledger.queuedNs(id, nowNs);
  const last = objects.lastSent(inputs, inputCount);
  const sentNs = last < 0 ? ledgerNs : objects.sentNs(last);
  // The ledger tells microseconds: in the one in which its last input was sent, an invocation was published at once.
  const queuedNs = Math.min(nowNs, sentNs > ledgerNs && sentNs < ledgerNs + MICROSECOND_NS ? sentNs : ledgerNs);
  return { fn, attempt, after: last < 0 ? NO_FUNCTION : objects.source(last), readyNs: Math.min(sentNs, queuedNs), queuedNs };
}
