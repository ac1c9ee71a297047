/** What the scheduler does about a report of an executor: it tells core, and has the host do what core decides. */
import type { ErrorCode, PheromoneError } from '../core/errors.ts';
import type { ObjectMeta } from '../core/trigger.ts';
import { EXPECTED, FAILED, OUTPUT, RETIRE, type Report, SENT, START, STARTED } from '../executor/reports.ts';
import { type HostParts, nowMs, type SessionHost } from './session-host.ts';
import type { SessionState, Started } from './sessions.ts';

export class ReportHandler {
  readonly #parts: HostParts;
  readonly #host: SessionHost;

  constructor(parts: HostParts, host: SessionHost) {
    this.#parts = parts;
    this.#host = host;
  }

  /** Reports of sessions that are over are of no consequence. */
  handle({ type, slot, epoch, ref, fn, count }: Report, thread: number): void {
    if (type === RETIRE) {
      this.#parts.executors.retire(thread);
      return;
    }
    const session = this.#parts.sessions.at(slot, epoch);
    if (session === undefined) return;
    switch (type) {
      case SENT:
        this.#onSent(session, ref);
        break;
      case OUTPUT:
        this.#host.apply(this.#parts.core.outputSent(this.#meta(session, ref)));
        break;
      case EXPECTED:
        this.#onExpected(session, ref, fn);
        break;
      case FAILED:
        this.#onFailed(session, ref);
        break;
      case STARTED:
        this.#onStarted(session, { fn, inputs: ref, inputCount: count });
        break;
      case START:
        this.#parts.publisher.publish({ slot, epoch, fn, inputs: ref, inputCount: 1, attempt: 1, dueMs: 0 });
        break;
    }
  }

  #onSent(session: SessionState, ref: number): void {
    const bucket = session.app.plan.buckets[this.#parts.objects.bucket(ref)];
    const meta = this.#meta(session, ref);
    if (bucket === undefined) return;
    if (bucket.stateful.length > 0) this.#host.apply(this.#parts.core.objectSent(meta, nowMs()));
    if (bucket.appStateful.length === 0) return;
    try {
      const held = this.#parts.appObjects.hold(this.#parts.objects.payload(ref), this.#parts.objects.label(ref));
      this.#host.apply(this.#parts.core.appObjectSent(session.app.plan, { ...meta, ref: held }, nowMs()));
    } catch (error) {
      const { code, message } = error as PheromoneError;
      this.#host.fail(session, code, message);
    }
  }

  #onExpected(session: SessionState, ref: number, bucket: number): void {
    const { session: id, source, group } = this.#meta(session, ref);
    const keys = JSON.parse(Buffer.from(this.#parts.objects.payload(ref)).toString()) as string[];
    const name = session.app.plan.buckets[bucket]?.name ?? '';
    this.#host.apply(this.#parts.core.expected({ session: id, source, bucket: name, group, keys }, nowMs()));
  }

  /** The session remembers what was started, so that it can be started again. */
  #onStarted(session: SessionState, started: Started): void {
    const { id, app } = session;
    const { fn, inputs, inputCount } = started;
    const refs = inputCount === 1 ? [inputs] : this.#parts.objects.readList(inputs, inputCount);
    const invocation = session.started.push(started) - 1;
    const source = {
      ...{ session: id, invocation, fn: app.plan.functions[fn]?.definition.name ?? '' },
      inputs: refs.map((ref) => this.#meta(session, ref)),
    };
    this.#host.apply(this.#parts.core.sourceStarted(source, nowMs()));
  }

  #onFailed(session: SessionState, ref: number): void {
    const text =
      ref === -1
        ? `OUT_OF_MEMORY\napp "${session.app.plan.name}": object memory is full`
        : Buffer.from(this.#parts.objects.payload(ref)).toString();
    const end = text.indexOf('\n');
    this.#host.apply(this.#parts.core.failed(session.id, text.slice(0, end) as ErrorCode, text.slice(end + 1)));
  }

  #meta({ id, app }: SessionState, ref: number): ObjectMeta {
    const { source, bucket, key, group, metadata } = this.#parts.objects.label(ref);
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
}
