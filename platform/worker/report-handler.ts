/** What the scheduler does about a report of an executor: it tells core, and has the host do what core decides. */

import type { ErrorCode, PheromoneError } from '../core/errors.ts';
import type { ObjectMeta, SourceRun, StartedSource } from '../core/trigger.ts';
import { hostNowMs } from '../executor/clock.ts';
import { BRING, EXPECTED, FAILED, FIND, OUTPUT, RETIRE, type Report, ROOM, SENT, START, STARTED } from '../executor/reports.ts';
import type { ObjectStore } from '../store/objects.ts';
import type { HostParts, SessionHost } from './session-host.ts';
import type { SessionState } from './sessions.ts';
import { type Started, type StartedRun, StartedRuns } from './started-runs.ts';

export class ReportHandler {
  readonly #parts: HostParts;
  readonly #host: SessionHost;

  constructor(parts: HostParts, host: SessionHost) {
    this.#parts = parts;
    this.#host = host;
  }

  /** Reports of sessions that are over are of no consequence. */
  handle(report: Report, thread: number): void {
    const { type, slot, epoch, ref, fn } = report;
    if (type === RETIRE) {
      this.#parts.executors.retire(thread);
      return;
    }
    const session = this.#parts.sessions.at(slot, epoch);
    if (session === undefined) return;
    if (type === ROOM) {
      this.#parts.room.ask(session, thread, ref);
      return;
    }
    if (type === BRING) {
      void this.#parts.room.bring(session, thread, ref);
      return;
    }
    if (type === SENT) this.#noteSent(session, report, thread);
    const run = this.#runOf(session, report, thread);
    if (session.guest !== undefined) {
      session.guest.reported(session, report, run);
      return;
    }
    switch (type) {
      case SENT:
        this.#onSent(session, ref, run);
        break;
      case OUTPUT:
        this.#host.apply(this.#parts.core.outputSent({ ...metaOf(this.#parts.objects, session, ref), sender: run }));
        break;
      case EXPECTED:
        this.#onExpected(session, ref, fn, run);
        break;
      case FAILED:
        this.#onFailed(session, ref, run);
        break;
      case STARTED:
        if (run !== undefined) this.#onStarted(session, run);
        break;
      case START:
        this.#parts.publisher.place(session, { slot, epoch, fn, inputs: ref, inputCount: 1, attempt: 1, dueMs: 0 });
        break;
      case FIND:
        this.#host.spread?.onWish(session, fn, ref);
        break;
    }
  }

  /** The run that a report is about; `undefined` where the starts of its function are not told. */
  #runOf(session: SessionState, { type, ref, fn, count, entry, attempt }: Report, thread: number): StartedRun | undefined {
    if (type === STARTED) {
      const started = { fn, inputs: ref, inputCount: count, attempt };
      session.started ??= new StartedRuns();
      const run = session.started.add(started, inputsOf(this.#parts.objects, started));
      session.started.hold(thread, entry, run);
      return run;
    }
    if (session.started === undefined) return undefined;
    if (type === SENT || type === EXPECTED || type === OUTPUT) return session.started.of(thread, entry, this.#parts.objects.source(ref));
    if (type !== FAILED) return undefined;
    const failed = session.started.of(thread, entry, fn);
    if (failed !== undefined) failed.hasFailed = true;
    return failed;
  }

  /** What only triggers of its session hold may be spilled. */
  #noteSent(session: SessionState, report: Report, thread: number): void {
    const bucket = session.app.plan.buckets[this.#parts.objects.bucket(report.ref)];
    if (bucket === undefined || bucket.stateful.length === 0 || bucket.appStateful.length > 0) return;
    if (this.#parts.spilling.note(session, report, thread)) this.#parts.room.noted();
  }

  #onSent(session: SessionState, ref: number, sender: SourceRun | undefined): void {
    const bucket = session.app.plan.buckets[this.#parts.objects.bucket(ref)];
    const meta = { ...metaOf(this.#parts.objects, session, ref), sender };
    if (bucket === undefined) return;
    if (bucket.stateful.length > 0) this.#host.apply(this.#parts.core.objectSent(meta, hostNowMs()));
    if (bucket.appStateful.length === 0 || this.#parts.core.isRepetition(meta)) return;
    if (this.#host.spread !== undefined) {
      this.#host.spread.appObjectSent(session, ref);
      return;
    }
    try {
      const held = this.#parts.appObjects.hold(this.#parts.objects.payload(ref), this.#parts.objects.label(ref));
      this.#host.apply(this.#parts.core.appObjectSent(session.app.plan, { ...meta, ref: held }, hostNowMs()));
    } catch (error) {
      const { code, message } = error as PheromoneError;
      this.#host.fail(session, code, message);
    }
  }

  #onExpected(session: SessionState, ref: number, bucket: number, sender: SourceRun | undefined): void {
    const { session: id, source, group } = metaOf(this.#parts.objects, session, ref);
    const keys = JSON.parse(Buffer.from(this.#parts.objects.payload(ref)).toString()) as string[];
    const name = session.app.plan.buckets[bucket]?.name ?? '';
    this.#host.apply(this.#parts.core.expected({ session: id, source, bucket: name, group, keys, sender }, hostNowMs()));
  }

  #onStarted(session: SessionState, run: StartedRun): void {
    this.#host.apply(this.#parts.core.sourceStarted(sourceOf(this.#parts.objects, session, run), hostNowMs()));
  }

  #onFailed(session: SessionState, ref: number, run: StartedRun | undefined): void {
    const { code, message } = failureIn(this.#parts.objects, session, ref);
    this.#host.apply(this.#parts.core.failed(session.id, code, message, run?.invocation));
  }
}

/** An object as core knows it. */
export function metaOf(objects: ObjectStore, { id, app }: SessionState, ref: number): ObjectMeta {
  const { source, bucket, key, group, metadata } = objects.label(ref);
  return {
    ref,
    session: id,
    bucket: app.plan.buckets[bucket]?.name ?? '',
    key,
    group,
    source: app.plan.functions[source]?.definition.name ?? '',
    metadata,
  };
}

/** The objects that an invocation is started with. */
export function inputsOf(objects: ObjectStore, { inputs, inputCount }: Started): readonly number[] {
  return inputCount === 1 ? [inputs] : objects.readList(inputs, inputCount);
}

/** A run of an observed function as core knows it. */
export function sourceOf(objects: ObjectStore, session: SessionState, run: StartedRun): StartedSource {
  const { invocation, first, fn } = run;
  return {
    ...{ session: session.id, invocation, first, fn: session.app.plan.functions[fn]?.definition.name ?? '' },
    inputs: inputsOf(objects, run).map((ref) => metaOf(objects, session, ref)),
  };
}

/** What a failure that was reported says. */
export function failureIn(objects: ObjectStore, { app }: SessionState, ref: number): { code: ErrorCode; message: string } {
  if (ref === -1) return { code: 'OUT_OF_MEMORY', message: `app "${app.plan.name}": object memory is full` };
  const text = Buffer.from(objects.payload(ref)).toString();
  const end = text.indexOf('\n');
  return { code: text.slice(0, end) as ErrorCode, message: text.slice(end + 1) };
}
