/** What becomes of the work of a thread that hangs or has ended: it runs again elsewhere, or fails. */
import { afterExecutorDeath } from '../core/recovery.ts';
import { hostNowNs } from '../executor/clock.ts';
import type { EntryId, Invocation, Ledger } from '../executor/ledger.ts';
import type { Threads } from '../executor/threads.ts';
import type { HostParts, SessionHost } from './session-host.ts';
import type { SessionState } from './sessions.ts';

type Verdict = 'timed-out' | 'rerun' | 'give-up';

/** What recovery works with. */
export interface RecoveryParts extends Pick<HostParts, 'table' | 'sessions' | 'publisher' | 'drain'> {
  readonly ledger: Ledger;
  readonly threads: Threads;
  readonly host: SessionHost;
}

export class Recovery {
  readonly #parts: RecoveryParts;
  /** Why the thread ended whose work is taken back. */
  #cause: string | undefined;
  readonly #entry: Invocation = { slot: 0, epoch: 0, fn: 0, inputs: 0, inputCount: 0, attempt: 0, dueMs: 0 };

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
  }

  /** A thread hangs, inside a body or in its event loop: what is past its time is to blame, not the rest of what it holds. */
  onHung(thread: number, inBody: boolean): void {
    const culprit = inBody ? this.#parts.threads.bodyEntry(thread) : undefined;
    const nowMs = (hostNowNs() / 1e6) | 0;
    this.#cause = undefined;
    this.#takeBack(thread, (id, { dueMs, attempt }, { app }) => {
      // The difference, since the count of milliseconds wraps around.
      const isToBlame = culprit === undefined ? dueMs !== 0 && ((dueMs - nowMs) | 0) <= 0 : id === culprit;
      return isToBlame ? 'timed-out' : afterExecutorDeath(app.plan.recovery, attempt, false);
    });
  }

  /**
   * A thread has ended: inside a body, that one is to blame; in its event loop, nobody can tell which it was, if any.
   * `cause`: why, where that is known.
   */
  onEnded(thread: number, inBody: boolean, cause?: string): void {
    this.#cause = cause;
    const culprit = inBody ? this.#parts.threads.bodyEntry(thread) : undefined;
    let isCharged = false;
    this.#takeBack(thread, (id, { attempt, slot }, { app }) => {
      const isSuspect = culprit === undefined || id === culprit;
      if (isSuspect && !isCharged) this.#parts.publisher.crashed(slot);
      isCharged ||= isSuspect;
      return afterExecutorDeath(app.plan.recovery, attempt, isSuspect);
    });
    for (const session of this.#parts.sessions.heldFor(thread)) this.#parts.host.unhold(session);
  }

  #takeBack(thread: number, judge: (id: EntryId, entry: Invocation, session: SessionState) => Verdict): void {
    const { ledger, sessions, publisher, table } = this.#parts;
    // What the thread has reported of its invocations comes first.
    this.#parts.drain();
    for (const id of ledger.heldBy(thread)) {
      const entry = ledger.read(id, this.#entry);
      const session = sessions.at(entry.slot, entry.epoch);
      if (session === undefined || !ledger.finish(id, thread)) continue;
      // Until it has really ended, the thread may still write to what it had allocated.
      sessions.holdFor(session, thread);
      const run = session.started?.of(thread, id, entry.fn);
      // A failure that was reported has had its consequences.
      const verdict = run?.hasFailed ? 'over' : judge(id, entry, session);
      if (verdict === 'rerun' && !table.isAborted(entry.slot)) {
        publisher.publish({ ...entry, attempt: entry.attempt + 1, dueMs: 0 });
        continue;
      }
      if (verdict === 'timed-out' || verdict === 'give-up') this.#blame(session, entry, verdict, run?.invocation);
      publisher.unbegin(session, entry.fn);
    }
  }

  #blame(session: SessionState, { fn, attempt }: Invocation, verdict: 'timed-out' | 'give-up', invocation: number | undefined): void {
    const { name, functions } = session.app.plan;
    const where = `app "${name}": function "${functions[fn]?.definition.name}"`;
    if (verdict === 'timed-out') {
      const expected = `expected to end within ${functions[fn]?.timeoutMs} ms`;
      this.#parts.host.fail(session, 'FUNCTION_TIMED_OUT', `${where}: ${expected}`, invocation);
    } else {
      const ended = `its executor's thread ended under it, ${attempt === 1 ? 'once' : `${attempt} times`}${this.#cause === undefined ? '' : `: ${this.#cause}`}`;
      this.#parts.host.fail(session, 'EXECUTOR_DIED', `${where}: ${ended}`, invocation);
    }
  }
}
