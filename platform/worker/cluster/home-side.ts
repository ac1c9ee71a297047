/**
 * The node as home of sessions that run on other nodes, too: it gives invocations to guests, counts them as under way
 * until the guests give their credits back, and takes in what guests report.
 */

import { PheromoneError, toPheromoneError } from '../../core/errors.ts';
import { afterExecutorDeath } from '../../core/recovery.ts';
import { hostNowMs } from '../../executor/clock.ts';
import type { Invocation } from '../../executor/ledger.ts';
import type { Trace } from '../../wire/messages.ts';
import type { PeerReport } from '../../wire/peer-messages.ts';
import { metaOf, sourceOf } from '../report-handler.ts';
import type { NodeParts } from '../scheduler.ts';
import type { SessionState } from '../sessions.ts';
import type { GuestState } from '../spread-state.ts';
import { type StartedRun, StartedRuns } from '../started-runs.ts';
import type { AbsentObjects } from './absent-objects.ts';
import type { Links } from './links.ts';
import type { Placing } from './placing.ts';

export interface HomeParts {
  readonly node: NodeParts;
  readonly absent: AbsentObjects;
  readonly links: Links;
  readonly placing: Placing;
  /** Whether inputs are brought as soon as they are known. */
  readonly prefetch: boolean;
  /** A guest looks for an object that it does not have. */
  onFind(node: string, session: SessionState, message: PeerReport & { readonly type: 'find' }): void;
}

export class HomeSide {
  readonly #parts: HomeParts;
  readonly #sessionsAt = new Map<string, Set<SessionState>>();
  #forwarded = 0;

  constructor(parts: HomeParts) {
    this.#parts = parts;
  }

  /** How many invocations it has sent to other nodes. */
  get forwarded(): number {
    return this.#forwarded;
  }

  /** Sends an invocation, which is counted as under way, to a node. */
  give(session: SessionState, node: string, invocation: Invocation): void {
    this.#forwarded++;
    const { absent, links } = this.#parts;
    const { objects, table } = this.#parts.node;
    const { slot, app } = session;
    try {
      const { inputs, inputCount, fn, attempt } = invocation;
      const refs = inputCount === 1 ? [inputs] : objects.readList(inputs, inputCount);
      const described = refs.map((ref) => absent.describe(session, ref));
      const guest = this.#guestOf(session, node);
      const traced = table.isTraced(slot);
      links.to(node).send(
        {
          ...{ type: 'run', session: session.id, app: app.plan.name, version: app.version, fn, traced, sequence: ++guest.sequence },
          ...{ attempt, first: (attempt > 1 ? session.started?.firstOf(fn, refs) : undefined) ?? -1 },
          objects: described.map(({ head }) => head),
        },
        described.flatMap(({ bytes }) => (bytes === undefined ? [] : [bytes])),
      );
      guest.given.push({ sequence: guest.sequence, invocation });
      table.spread(slot);
    } catch (error) {
      this.#giveElsewhere(session, node, invocation, toPheromoneError(error));
    }
  }

  onReport(node: string, message: PeerReport, payload: Uint8Array): void {
    if (!('session' in message)) return;
    const session = this.#parts.node.sessions.byId(message.session);
    const guest = session?.guests?.get(node);
    if (session === undefined || guest === undefined) return;
    try {
      this.#handle(session, guest, message, payload);
    } catch (error) {
      const { code, message: text } = toPheromoneError(error);
      // A guest that speaks nonsense is given up, and what it has with it.
      if (code === 'BAD_MESSAGE') throw error;
      this.#parts.node.host.fail(session, code, text);
    }
  }

  /** A node is lost, and with it what it was given. */
  onLost(node: string, error: PheromoneError): void {
    const sessions = this.#sessionsAt.get(node) ?? [];
    this.#sessionsAt.delete(node);
    for (const session of sessions) {
      const guest = session.guests?.get(node);
      session.guests?.delete(node);
      // What it was given and has given back is not run again.
      if (guest !== undefined && guest.sequence > guest.given.length) session.lost = node;
      if (guest !== undefined) this.#recover(session, guest, error);
    }
  }

  aborted(session: SessionState): void {
    for (const { node, given } of session.guests?.values() ?? []) {
      if (given.length > 0) this.#parts.links.tell(node, { type: 'abort', session: session.id });
    }
  }

  released(session: SessionState): void {
    for (const { node } of session.guests?.values() ?? []) {
      this.#sessionsAt.get(node)?.delete(session);
      this.#parts.links.tell(node, { type: 'drop', session: session.id });
    }
    session.guests = undefined;
  }

  traces(session: SessionState): readonly Trace[] {
    return [...(session.guests?.values() ?? [])].map(({ trace }) => trace);
  }

  /** Whether anything is expected of a node. */
  isBusy(node: string): boolean {
    return [...(this.#sessionsAt.get(node) ?? [])].some((session) => (session.guests?.get(node)?.given.length ?? 0) > 0);
  }

  /** Nothing has come of an invocation on a node: somewhere else, then, or here, unless it has been tried too often. */
  #giveElsewhere(
    session: SessionState,
    node: string,
    invocation: Invocation,
    { code, message }: Pick<PheromoneError, 'code' | 'message'>,
  ): void {
    const { publisher, host } = this.#parts.node;
    if (afterExecutorDeath(session.app.plan.recovery, invocation.attempt, true) === 'rerun') {
      this.#parts.placing.place(session, { ...invocation, attempt: invocation.attempt + 1 }, [node]);
    } else {
      publisher.unbegin(session, invocation.fn);
      host.fail(session, code, message);
    }
  }

  #guestOf(session: SessionState, node: string): GuestState {
    session.guests ??= new Map();
    const known = session.guests.get(node);
    if (known !== undefined) return known;
    const guest: GuestState = { node, given: [], sequence: 0, hasActed: false, trace: { spans: [] }, started: new Map() };
    session.guests.set(node, guest);
    const there = this.#sessionsAt.get(node);
    if (there === undefined) this.#sessionsAt.set(node, new Set([session]));
    else there.add(session);
    return guest;
  }

  #handle(session: SessionState, guest: GuestState, message: PeerReport & { readonly session: number }, payload: Uint8Array): void {
    const { absent, prefetch, onFind } = this.#parts;
    const { core, host, publisher, objects } = this.#parts.node;
    const adopt = (head: Parameters<AbsentObjects['adopt']>[1]): number => {
      return absent.adopt(session, head, head.node === '' ? payload : undefined, guest.node);
    };
    switch (message.type) {
      case 'sent': {
        guest.hasActed = true;
        const ref = adopt(message.object);
        if (prefetch) absent.bring(session, [ref], () => {});
        const sender = this.#runOf(session, guest, message.sender);
        host.apply(core.objectSent({ ...metaOf(objects, session, ref), sender }, hostNowMs()));
        break;
      }
      case 'output':
        guest.hasActed = true;
        host.apply(
          core.outputSent({
            ...metaOf(objects, session, adopt(message.object)),
            sender: this.#runOf(session, guest, message.sender),
          }),
        );
        break;
      case 'start':
        guest.hasActed = true;
        this.#expectFunction(session, message.fn);
        publisher.begin(session, { fn: message.fn, inputs: adopt(message.object), inputCount: 1 });
        break;
      case 'expected': {
        guest.hasActed = true;
        const { functions, buckets } = session.app.plan;
        const source = functions[message.source]?.definition.name ?? '';
        const bucket = buckets[message.bucket]?.name ?? '';
        host.apply(
          core.expected(
            {
              session: session.id,
              source,
              bucket,
              group: message.group,
              keys: message.keys,
              sender: this.#runOf(session, guest, message.sender),
            },
            hostNowMs(),
          ),
        );
        break;
      }
      case 'started':
        this.#onStarted(session, guest, message, payload);
        break;
      case 'invocation-failed':
        guest.hasActed = true;
        host.apply(core.failed(session.id, message.code, message.message, guest.started.get(message.invocation)));
        break;
      case 'idle':
        this.#onIdle(session, guest, message.set, message.credits);
        break;
      case 'run-refused':
        this.#onRefused(session, guest, message);
        break;
      case 'spans':
        guest.trace = message;
        break;
      case 'find':
        onFind(guest.node, session, message);
        break;
    }
  }

  #onStarted(session: SessionState, guest: GuestState, message: PeerReport & { readonly type: 'started' }, payload: Uint8Array): void {
    const { absent } = this.#parts;
    const { core, host, objects } = this.#parts.node;
    guest.hasActed = true;
    this.#expectFunction(session, message.fn);
    let at = 0;
    const refs = message.objects.map((head) => {
      const carried = head.node === '' ? payload.subarray(at, at + head.size) : undefined;
      at += carried?.length ?? 0;
      return absent.adopt(session, head, carried, guest.node);
    });
    const inputs = refs.length === 1 ? (refs[0] as number) : objects.addList(session.slot, session.epoch, refs);
    session.started ??= new StartedRuns();
    const { fn, attempt, before } = message;
    const first = message.first >= 0 ? message.first : this.#runOf(session, guest, before)?.first;
    const run = session.started.add({ fn, inputs, inputCount: refs.length, attempt }, refs, first);
    guest.started.set(message.invocation, run.invocation);
    host.apply(core.sourceStarted(sourceOf(objects, session, run), hostNowMs()));
  }

  #expectFunction({ app }: SessionState, fn: number): void {
    if (app.plan.functions[fn] !== undefined) return;
    throw new PheromoneError('BAD_MESSAGE', `app "${app.plan.name}": expected one of its functions, got ${fn}`);
  }

  /** The home's run of what a guest names by its own number. */
  #runOf({ started }: SessionState, guest: GuestState, number: number): StartedRun | undefined {
    return started?.at(guest.started.get(number) ?? -1);
  }

  #onIdle(session: SessionState, guest: GuestState, set: number, credits: number): void {
    const { slot, epoch, app } = session;
    const given = set < app.plan.watchSets.length ? this.#parts.node.table.counter(slot, set) : 0;
    if (credits > given)
      throw new PheromoneError(
        'BAD_MESSAGE',
        `idle: expected at most ${given} credits of set ${set}, node "${guest.node}" gives ${credits}`,
      );
    if (set === 0) {
      guest.given.splice(0, credits);
      if (guest.given.length === 0) guest.hasActed = false;
    } else {
      guest.hasActed = true;
    }
    this.#parts.node.publisher.uncount(slot, epoch, set, credits);
  }

  #onRefused(session: SessionState, guest: GuestState, refused: PeerReport & { readonly type: 'run-refused' }): void {
    const position = guest.given.findIndex(({ sequence }) => sequence === refused.sequence);
    const [given] = position < 0 ? [] : guest.given.splice(position, 1);
    if (given !== undefined) this.#giveElsewhere(session, guest.node, given.invocation, refused);
  }

  /**
   * What a lost guest had been given runs again elsewhere, if nothing that it did has had an effect and no object lies
   * there alone. Otherwise the session fails: what the guest did cannot be told from what it did not.
   */
  #recover(session: SessionState, guest: GuestState, error: PheromoneError): void {
    const { placing } = this.#parts;
    const { table, host, publisher } = this.#parts.node;
    const isAborted = table.isAborted(session.slot);
    const hasLost = [...(session.elsewhere?.places.values() ?? [])].some(({ node }) => node === guest.node);
    const { recovery } = session.app.plan;
    const mayRunAgain = guest.given.every(({ invocation }) => afterExecutorDeath(recovery, invocation.attempt, true) === 'rerun');
    const isClean = !guest.hasActed && !hasLost && mayRunAgain;
    if (!isAborted && !isClean && (guest.given.length > 0 || hasLost)) {
      host.fail(session, 'NODE_LOST', `app "${session.app.plan.name}": node "${guest.node}": ${error.message}`);
    }
    for (const { invocation } of guest.given) {
      if (isClean && !isAborted) placing.place(session, { ...invocation, attempt: invocation.attempt + 1 }, [guest.node]);
      else publisher.unbegin(session, invocation.fn);
    }
  }
}
