/**
 * Delayed forwarding (paper: two-tier scheduling): while all executors of the node are busy, what has waited longer than
 * the delay goes to another node, if a coordinator knows one that has room.
 */

import type { Invocation } from '../../executor/ledger.ts';
import { SCHEDULER } from '../../store/memory.ts';
import type { NodeParts } from '../scheduler.ts';
import type { SessionState } from '../sessions.ts';
import { CLUSTER_LIMITS } from './limits.ts';
import type { AskCoordinator } from './placing.ts';

export interface OverflowParts {
  readonly node: NodeParts;
  readonly ask: AskCoordinator;
  readonly delayMs: number;
  give(session: SessionState, node: string, invocation: Invocation): void;
}

export class Overflow {
  readonly #parts: OverflowParts;
  readonly #entry: Invocation = { slot: 0, epoch: 0, fn: 0, inputs: 0, inputCount: 0, attempt: 0, dueMs: 0 };
  /** Since when something waits and no executor is free. */
  #sinceMs: number | undefined;
  #isAsking = false;
  #nextAskMs = 0;
  #pauseMs: number = CLUSTER_LIMITS.overflowAgainMs;

  constructor(parts: OverflowParts) {
    this.#parts = parts;
  }

  /** Looked at every millisecond while bodies come and go. */
  look(nowMs: number): void {
    const { executors } = this.#parts.node;
    const waiting = this.#waiting();
    if (waiting === 0 || executors.idle() > 0) {
      this.#sinceMs = undefined;
      return;
    }
    this.#sinceMs ??= nowMs;
    if (this.#isAsking || nowMs - this.#sinceMs < this.#parts.delayMs || nowMs < this.#nextAskMs) return;
    const app = this.#firstApp();
    if (app !== undefined) this.#ask(app.session, app.fn, waiting, nowMs);
  }

  #ask(session: SessionState, fn: number, count: number, nowMs: number): void {
    const { plan } = session.app;
    this.#isAsking = true;
    const request = { app: plan.name, fn: plan.functions[fn]!.definition.name, count, inputs: [], exclude: [] };
    this.#parts.ask(request, (placement) => {
      this.#isAsking = false;
      if (placement.node === '') {
        this.#nextAskMs = nowMs + this.#pauseMs;
        this.#pauseMs = Math.min(this.#pauseMs * 2, CLUSTER_LIMITS.overflowAgainMaxMs);
        return;
      }
      this.#pauseMs = CLUSTER_LIMITS.overflowAgainMs;
      this.#sinceMs = undefined;
      this.#forward(plan.name, fn, placement.node, placement.count);
    });
  }

  #forward(app: string, fn: number, node: string, count: number): void {
    const { ledger, threads } = this.#parts.node;
    for (let part = SCHEDULER; part <= threads.highest && count > 0; part++) {
      while (count > 0 && ledger.peek(part, (slot, at) => this.#mayGo(slot, at, app, fn))) {
        if (!this.#forwardOne(part, app, fn, node)) break;
        count--;
      }
    }
  }

  /** Between looking and claiming another entry may have come to the head: that one is put back in line. */
  #forwardOne(part: number, app: string, fn: number, node: string): boolean {
    const { ledger, sessions, publisher } = this.#parts.node;
    const id = ledger.claim(part);
    if (id < 0) return false;
    const entry = { ...ledger.read(id, this.#entry) };
    const session = sessions.at(entry.slot, entry.epoch);
    if (!ledger.finish(id, SCHEDULER) || session === undefined) return false;
    if (!this.#mayGo(entry.slot, entry.fn, app, fn)) {
      publisher.publish(entry);
      return false;
    }
    this.#parts.give(session, node, entry);
    return true;
  }

  #waiting(): number {
    const { ledger, threads } = this.#parts.node;
    let waiting = 0;
    for (let part = SCHEDULER; part <= threads.highest; part++) waiting += ledger.waiting(part);
    return waiting;
  }

  /** The first invocation in line that may go elsewhere. */
  #firstApp(): { session: SessionState; fn: number } | undefined {
    const { ledger, threads, sessions } = this.#parts.node;
    let found: { session: SessionState; fn: number } | undefined;
    for (let part = SCHEDULER; part <= threads.highest && found === undefined; part++) {
      ledger.peek(part, (slot, fn) => {
        const session = sessions.inSlot(slot);
        if (session !== undefined && session.guest === undefined) found = { session, fn };
        return false;
      });
    }
    return found;
  }

  /** Whether an invocation may go to a node that was found for function `fn` of an app: it runs that one, and whatever runs anywhere. */
  #mayGo(slot: number, at: number, app: string, fn: number): boolean {
    const session = this.#parts.node.sessions.inSlot(slot);
    if (session === undefined || session.guest !== undefined || session.app.plan.name !== app) return false;
    return at === fn || (session.app.plan.functions[at]?.definition.requires ?? []).length === 0;
  }
}
