/**
 * What leaves an executor: objects that its functions send, the invocations that these start, and reports to the
 * scheduler. Triggers without state are decided here, by the thread that sends.
 */
import { PheromoneError } from '../core/errors.ts';
import { NO_BUCKET, NO_FUNCTION, type ObjectLabel, type ObjectStore } from '../store/objects.ts';
import type { SessionTable } from '../store/sessions.ts';
import { hostNowNs } from './clock.ts';
import { failureOf } from './failure.ts';
import type { LoadedApp } from './functions.ts';
import type { Invocation, InvocationHost, ResolvedSend } from './invocation.ts';
import { type EntryId, type Ledger, type Invocation as LedgerEntry, NONE } from './ledger.ts';
import { EXPECTED, FAILED, FIND, OUTPUT, QUIET, type ReportWriter, SENT, SOURCES_DONE, START, STARTED } from './reports.ts';
import { halt } from './rest.ts';
import type { Shortage } from './shortage.ts';
import type { Threads } from './threads.ts';
import { WISH_BYTES, Wish } from './wish.ts';

/** A body that has run this long when it sends has its receiver started elsewhere at once. */
const LONG_BODY_NS = 50_000;
/** So many invocations of other apps may wait before those of an app in a thread's part of the ledger. */
const CROWD = 64;

export class Outbox implements InvocationHost {
  readonly objects: ObjectStore;
  readonly #thread: number;
  readonly #sessions: SessionTable;
  readonly #ledger: Ledger;
  readonly #threads: Threads;
  readonly #reports: ReportWriter;
  readonly #shortage: Shortage;
  /** Reports were pushed that the scheduler has not been woken for. */
  #reported = false;
  /** The invocation that is being published: its session, its watch sets, and in how many of them it is counted so far. */
  #countingSlot = 0;
  #countingSets: readonly number[] = [];
  #counted = 0;
  /** The app whose invocation was published last. */
  #lastPublisher: LoadedApp | undefined;

  constructor(
    thread: number,
    objects: ObjectStore,
    sessions: SessionTable,
    ledger: Ledger,
    threads: Threads,
    reports: ReportWriter,
    shortage: Shortage,
  ) {
    this.objects = objects;
    this.#thread = thread;
    this.#sessions = sessions;
    this.#ledger = ledger;
    this.#threads = threads;
    this.#reports = reports;
    this.#shortage = shortage;
    shortage.serve(this);
  }

  isAborted(slot: number, epoch: number): boolean {
    return !this.#sessions.isLive(slot, epoch) || this.#sessions.isAborted(slot);
  }

  nextSerial(slot: number): number {
    return this.#sessions.nextSerial(slot);
  }

  dispatch(invocation: Invocation, bytes: Uint8Array, { bucket, target, key, group, metadata, output }: ResolvedSend): void {
    const { slot, epoch, plan, startedNs } = invocation;
    const nowNs = hostNowNs();
    if (this.#counted > 0) this.#uncount();
    const label = { source: plan.index, bucket: bucket?.index ?? NO_BUCKET, key, group, metadata };
    const ref = this.#add(invocation, bytes, label, nowNs);
    if (output) invocation.outputs.push(ref);
    if (!this.#threads.beginCritical(this.#thread)) halt();
    if (target >= 0) this.#publish(invocation, target, ref, nowNs);
    if (bucket !== undefined) {
      for (const fn of bucket.immediate) this.#publish(invocation, fn, ref, nowNs);
      if (bucket.byName.size > 0) for (const fn of bucket.byName.get(key) ?? []) this.#publish(invocation, fn, ref, nowNs);
      if (bucket.stateful.length + bucket.appStateful.length > 0) {
        this.push(SENT, slot, epoch, ref, NO_FUNCTION, output ? 1 : 0, invocation.entry);
      }
    }
    this.#threads.endCritical(this.#thread);
    const isLong = invocation.awaits || nowNs - startedNs > LONG_BODY_NS;
    const waiting = this.#ledger.waiting(this.#thread);
    if (waiting > 1 || (waiting > 0 && (isLong || !invocation.loaded.plan.inline))) this.#threads.wakeOne();
    if (isLong) this.flush();
  }

  allocate(invocation: Invocation, size: number): Uint8Array {
    this.#shortage.asking = invocation;
    const bytes = this.objects.allocate(invocation.slot, invocation.epoch, size);
    this.#shortage.asking = undefined;
    return bytes;
  }

  read(invocation: Invocation, ref: number): Uint8Array {
    return this.#shortage.read(invocation, ref);
  }

  find(invocation: Invocation, bucket: number, key: string): number {
    const { slot, epoch, plan } = invocation;
    const ref = this.objects.find(slot, bucket, key);
    if (!this.#sessions.isSpread(slot) || (ref >= 0 && !this.objects.isAbsent(ref))) return ref;
    const memory = this.allocate(invocation, WISH_BYTES);
    const wish = new Wish(memory);
    wish.open();
    const label = { source: plan.index, bucket: NO_BUCKET, key, group: '', metadata: '' };
    this.push(FIND, slot, epoch, this.#add(invocation, memory, label, hostNowNs()), bucket);
    this.flush();
    const found = wish.await();
    if (found !== undefined) return found;
    throw new PheromoneError('NODE_LOST', `get: expected the node that holds the object with key "${key}" to answer, it did not`);
  }

  expect(invocation: Invocation, bucket: number, group: string, keys: readonly string[]): void {
    const { slot, epoch, plan, entry } = invocation;
    const label = { source: plan.index, bucket: NO_BUCKET, key: '', group, metadata: '' };
    const ref = this.#add(invocation, Buffer.from(JSON.stringify(keys)), label, hostNowNs());
    this.push(EXPECTED, slot, epoch, ref, bucket, 0, entry);
  }

  /** Reports that the body of an observed function begins, before anything that it sends. At once: a trigger may take the time. */
  started(id: EntryId, { slot, epoch, fn, inputs, inputCount, attempt }: LedgerEntry): void {
    this.push(STARTED, slot, epoch, inputs, fn, inputCount, id, attempt);
    this.flush();
  }

  /** Accounts for an invocation that is over. After it the session may be gone. */
  end(id: EntryId, slot: number, epoch: number, app: LoadedApp | undefined, fn: number): void {
    if (this.#counted > 0) this.#uncount();
    if (!this.#ledger.finish(id, this.#thread)) return;
    for (const set of app?.plan.functions[fn]?.watchSets ?? []) {
      if (set !== 0 && this.#sessions.count(slot, set, -1) === 0) this.push(SOURCES_DONE, slot, epoch, set);
    }
    if (this.#sessions.count(slot, 0, -1) === 0) this.push(QUIET, slot, epoch, 0);
    this.flush();
  }

  /** Reports what an invocation sent as output, now that it has ended well. */
  answer({ slot, epoch, outputs, entry }: Invocation): void {
    for (const ref of outputs) this.push(OUTPUT, slot, epoch, ref, NO_FUNCTION, 0, entry);
  }

  /** Reports that an invocation failed, by its entry if it has one; an error without a code is the function's own. */
  fail(id: EntryId, slot: number, epoch: number, app: LoadedApp, fn: number, error: unknown): void {
    if (!this.#sessions.isLive(slot, epoch)) return;
    const { code, message } = failureOf(app.plan, fn, error);
    let ref = -1;
    try {
      const label = { source: fn, bucket: NO_BUCKET, key: '', group: '', metadata: '' };
      ref = this.objects.add(slot, epoch, Buffer.from(`${code}\n${message}`), label, hostNowNs());
    } catch {
      // No memory for the text: that memory is full is then all that the scheduler can say.
    }
    this.push(FAILED, slot, epoch, ref, fn, 0, id);
    this.flush();
  }

  push(type: number, slot: number, epoch: number, ref: number, fn = NO_FUNCTION, count = 0, entry: EntryId = NONE, attempt = 0): void {
    this.#reports.push(type, slot, epoch, ref, fn, count, entry, attempt);
    this.#reported = true;
  }

  /** Wakes the scheduler if there is something for it. Left to the end of a body where that is near: waking costs microseconds. */
  flush(): void {
    if (!this.#reported) return;
    this.#reported = false;
    this.#threads.wakeScheduler();
  }

  /** Writes an object's record; waits where there is no room for it at the moment. */
  #add(invocation: Invocation, bytes: Uint8Array, label: ObjectLabel, nowNs: number): number {
    this.#shortage.asking = invocation;
    const ref = this.objects.add(invocation.slot, invocation.epoch, bytes, label, nowNs);
    this.#shortage.asking = undefined;
    return ref;
  }

  #publish({ slot, epoch, loaded }: Invocation, fn: number, ref: number, nowNs: number): void {
    const sets = loaded.plan.functions[fn]?.watchSets ?? [];
    this.#countingSlot = slot;
    this.#countingSets = sets;
    for (; this.#counted < sets.length; this.#counted++) this.#sessions.count(slot, sets[this.#counted] as number, 1);
    if (loaded.placed[fn] === true || this.#isCrowdedOut(loaded) || !this.#ledger.publish(slot, epoch, fn, ref, 1, 1, nowNs))
      this.push(START, slot, epoch, ref, fn);
    this.#counted = 0;
  }

  /** Whether an invocation of the app would wait behind much that others have published here; the scheduler has a way around that. */
  #isCrowdedOut(app: LoadedApp): boolean {
    if (app === this.#lastPublisher) return false;
    if (this.#ledger.waiting(this.#thread) > CROWD) return true;
    this.#lastPublisher = app;
    return false;
  }

  /** Takes back the counts of an invocation that was never published: its sender ran out of stack in between. */
  #uncount(): void {
    for (; this.#counted > 0; this.#counted--) {
      this.#sessions.count(this.#countingSlot, this.#countingSets[this.#counted - 1] as number, -1);
    }
    this.#threads.endCritical(this.#thread);
  }
}
