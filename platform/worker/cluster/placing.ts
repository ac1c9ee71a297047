/** Where invocations of sessions of this node run that cannot start here at once: the coordinator of their app is asked. */

import { hostNowMs } from '../../executor/clock.ts';
import type { Invocation } from '../../executor/ledger.ts';
import type { NodeParts } from '../scheduler.ts';
import type { SessionState } from '../sessions.ts';
import type { AbsentObjects } from './absent-objects.ts';
import { CLUSTER_LIMITS } from './limits.ts';

/** What is asked of a coordinator. */
export interface PlaceRequest {
  readonly app: string;
  readonly fn: string;
  readonly count: number;
  readonly inputs: readonly { readonly node: string; readonly bytes: number }[];
  readonly exclude: readonly string[];
}

/** A node that may be sent so many invocations for so long; `''`: none is better than this one, for the reason that `why` names. */
export interface Placement {
  readonly node: string;
  readonly count: number;
  readonly leaseMs: number;
  readonly why?: string;
}

export function nowhere(why: string): Placement {
  return { node: '', count: 0, leaseMs: 0, why };
}

/** Asks the coordinator of the app; `answer` is called once, with {@link nowhere} where none can be asked. */
export type AskCoordinator = (request: PlaceRequest, answer: (placement: Placement) => void) => void;

export interface PlacingParts {
  readonly node: NodeParts;
  readonly absent: AbsentObjects;
  readonly ask: AskCoordinator;
  /** Whether this node can run a function of an app itself. */
  runsHere(session: SessionState, fn: number): boolean;
  /** Whether every invocation is placed by a coordinator, also one that could start here. */
  readonly placesAll: boolean;
  give(session: SessionState, node: string, invocation: Invocation): void;
}

interface Lease {
  readonly node: string;
  left: number;
  readonly endMs: number;
}

/** An invocation to be placed, counted as under way. */
interface Job {
  readonly session: SessionState;
  readonly invocation: Invocation;
  /** When there must be a node for it that is not this one. */
  readonly dueMs: number;
}

/** Invocations of one function that a coordinator has been asked to place. */
interface Queue {
  readonly jobs: Job[];
  isAsking: boolean;
}

export class Placing {
  readonly #parts: PlacingParts;
  readonly #leases = new Map<string, Lease>();
  readonly #queues = new Map<string, Queue>();

  constructor(parts: PlacingParts) {
    this.#parts = parts;
  }

  /** Whether it sees to it that an invocation starts, which is counted as under way. */
  takes(session: SessionState, invocation: Invocation): boolean {
    const { absent, runsHere, placesAll } = this.#parts;
    const refs = this.#inputsOf(invocation);
    const isHere = absent.areHere(refs);
    const staysHere = session.guest !== undefined || (!placesAll && runsHere(session, invocation.fn));
    if (staysHere && isHere) return false;
    const awayBytes = isHere || session.guest !== undefined ? 0 : this.#awayBytes(session, refs);
    if (staysHere && awayBytes < CLUSTER_LIMITS.moveBytes) this.#runHere(session, invocation);
    else this.place(session, invocation, []);
    return true;
  }

  /** Has an invocation run on a node other than those excluded, or here. */
  place(session: SessionState, invocation: Invocation, exclude: readonly string[]): void {
    this.#place({ session, invocation, dueMs: hostNowMs() + CLUSTER_LIMITS.placeMs }, exclude);
  }

  #place(job: Job, exclude: readonly string[]): void {
    const { session, invocation } = job;
    const { app } = session;
    if (exclude.length > 0 || !this.#parts.absent.areHere(this.#inputsOf(invocation))) {
      this.#askFor(job, exclude);
      return;
    }
    const key = `${app.index}/${invocation.fn}`;
    const lease = this.#leases.get(key);
    if (lease !== undefined && lease.left > 0 && lease.endMs > hostNowMs()) {
      lease.left--;
      this.#parts.give(session, lease.node, invocation);
      return;
    }
    const queue = this.#queues.get(key) ?? { jobs: [], isAsking: false };
    this.#queues.set(key, queue);
    queue.jobs.push(job);
    if (!queue.isAsking) this.#askForAll(key, queue);
  }

  /** A node is lost: its leases are void. */
  forget(node: string): void {
    for (const [key, lease] of this.#leases) if (lease.node === node) this.#leases.delete(key);
  }

  /** One request for all that wait, however many come meanwhile. */
  #askForAll(key: string, queue: Queue): void {
    const [{ session, invocation }] = queue.jobs as [Job];
    queue.isAsking = true;
    for (const [old, { endMs }] of this.#leases) if (endMs <= hostNowMs()) this.#leases.delete(old);
    this.#parts.ask({ ...this.#nameOf(session, invocation), count: queue.jobs.length, inputs: [], exclude: [] }, (placement) => {
      queue.isAsking = false;
      const { node, count, leaseMs } = placement;
      const jobs = queue.jobs.splice(0, node === '' ? queue.jobs.length : Math.max(1, count));
      const left = this.#parts.runsHere(session, invocation.fn) ? count - jobs.length : CLUSTER_LIMITS.boundToLeave;
      if (node !== '' && left > 0) this.#leases.set(key, { node, left, endMs: hostNowMs() + leaseMs });
      for (const job of jobs) this.#put(job, placement);
      if (queue.jobs.length > 0) this.#askForAll(key, queue);
      else this.#queues.delete(key);
    });
  }

  #askFor(job: Job, exclude: readonly string[]): void {
    const { session, invocation } = job;
    const inputs = this.#parts.absent.bytesByNode(session, this.#inputsOf(invocation)).map(([node, bytes]) => ({ node, bytes }));
    this.#parts.ask({ ...this.#nameOf(session, invocation), count: 1, inputs, exclude }, (placement) => this.#put(job, placement));
  }

  #put(job: Job, { node, why = 'its coordinator knows of none' }: Placement): void {
    const { session, invocation, dueMs } = job;
    const { table, publisher, host } = this.#parts.node;
    const { fn } = invocation;
    if (table.isAborted(session.slot)) {
      publisher.unbegin(session, fn);
    } else if (node !== '') {
      this.#parts.give(session, node, invocation);
    } else if (this.#parts.runsHere(session, fn)) {
      this.#runHere(session, invocation);
    } else if (hostNowMs() < dueMs) {
      // A node that was excluded may be the only one, and back.
      setTimeout(() => this.#place(job, []), CLUSTER_LIMITS.placeAgainMs);
    } else {
      const { name, functions } = session.app.plan;
      const { name: fnName, requires = [] } = functions[fn]!.definition;
      const what = `app "${name}": function "${fnName}": expected a node with the labels ${requires.join(', ')} within ${CLUSTER_LIMITS.placeMs} ms; ${why}`;
      publisher.unbegin(session, fn);
      host.fail(session, 'NO_NODE', what);
    }
  }

  #runHere(session: SessionState, invocation: Invocation): void {
    const { publisher, host, table } = this.#parts.node;
    this.#parts.absent.bring(session, this.#inputsOf(invocation), (error) => {
      if (error === undefined && !table.isAborted(session.slot)) {
        publisher.publish(invocation);
        return;
      }
      publisher.unbegin(session, invocation.fn);
      if (error !== undefined) host.fail(session, error.code, error.message);
    });
  }

  #awayBytes(session: SessionState, refs: readonly number[]): number {
    const { objects } = this.#parts.node;
    return refs.reduce((sum, ref) => sum + (session.elsewhere?.places.has(ref) === true ? objects.size(ref) : 0), 0);
  }

  #inputsOf({ inputs, inputCount }: Invocation): readonly number[] {
    return inputCount === 1 ? [inputs] : this.#parts.node.objects.readList(inputs, inputCount);
  }

  #nameOf({ app }: SessionState, { fn }: Invocation): { app: string; fn: string } {
    return { app: app.plan.name, fn: app.plan.functions[fn]!.definition.name };
  }
}
