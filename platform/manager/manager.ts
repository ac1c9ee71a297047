/** The manager of a cluster: the core's list of members behind a port. */
import { Roster, type RosterEffect, type View } from '../core/membership.ts';
import { openLog } from '../log/log.ts';
import type { Connection } from '../wire/connection.ts';
import { listen } from '../wire/greeting.ts';
import { WIRE_LIMITS } from '../wire/limits.ts';
import { type FromManager, MANAGER_SIDE, type ToManager } from '../wire/manager-messages.ts';
import type { Security } from '../wire/security.ts';
import { type ManagerOptions, managerOptions } from './options.ts';

/** Versions per millisecond of a manager's life, so that a later one begins above all of an earlier one. */
const VERSIONS_PER_MS = 1_000;

/** A manager that runs in this process. */
export interface Manager {
  readonly port: number;
  readonly view: View;
  /** Ends its connections. The members go on with what they know. */
  stop(): Promise<void>;
}

/**
 * Starts a manager in this process. Throws a RangeError for an option out of range, rejects with `DISCONNECTED` if the
 * address is taken and with `INVALID_ARGUMENT` if others can reach it and there is no secret.
 */
export async function startManager(given: Partial<ManagerOptions>, security: Security = {}): Promise<Manager> {
  const options = managerOptions(given);
  const links = new Links(options);
  const { host, port } = options;
  const listener = await listen({
    ...{ host, port, self: { role: 'manager', name: 'manager' }, security },
    accept: (_, speak) => links.add(speak(MANAGER_SIDE)),
  });
  const timer = setInterval(() => links.tick(performance.now()), Math.min(options.heartbeatMs, options.returnMs) / 2);
  return {
    port: listener.port,
    get view() {
      return links.view;
    },
    stop() {
      clearInterval(timer);
      return listener.close();
    },
  };
}

type Link = Connection<FromManager, ToManager>;

/** Everyone who is connected, and what is told to whom. */
class Links {
  readonly #options: ManagerOptions;
  readonly #roster: Roster;
  readonly #links = new Map<number, Link>();
  /** Those who want to be told of views. */
  readonly #told = new Set<Link>();
  readonly #log = openLog({ role: 'manager' });
  #lastId = 0;

  constructor(options: ManagerOptions) {
    this.#options = options;
    this.#roster = new Roster({ ...options, startStamp: Date.now() * VERSIONS_PER_MS });
  }

  get view(): View {
    return this.#roster.view;
  }

  add(link: Link): void {
    const id = ++this.#lastId;
    this.#links.set(id, link);
    link.onMessage((message) => this.#receive(id, link, message));
    link.onClose(() => {
      this.#links.delete(id);
      this.#told.delete(link);
      this.#roster.lost(id);
    });
  }

  tick(nowMs: number): void {
    this.#apply(this.#roster.tick(nowMs));
  }

  #receive(id: number, link: Link, message: ToManager): void {
    switch (message.type) {
      case 'beat':
        this.#roster.beat(id);
        link.send({ type: 'beat' });
        break;
      case 'join': {
        const { candidate, incarnation, known } = message;
        this.#apply(this.#roster.join(id, candidate, incarnation ?? undefined, known ?? undefined));
        break;
      }
      case 'watch':
        this.#apply(this.#roster.watch(id, message.known ?? undefined));
        this.#admit(link, null);
        link.send({ type: 'view', view: this.#roster.view });
        break;
      case 'drain':
        this.#apply(this.#roster.drain(id, message.draining));
        link.send({ type: 'done' });
        break;
      case 'leave':
        this.#apply(this.#roster.leave(id));
        link.send({ type: 'done' });
        break;
    }
  }

  #apply(effects: readonly RosterEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'view') {
        this.#tell(effect.view);
        continue;
      }
      const link = this.#links.get(effect.link);
      if (link === undefined) continue;
      if (effect.type === 'admitted') {
        this.#admit(link, effect.incarnation);
      } else {
        link.send({ type: effect.type, message: effect.message });
        link.close();
      }
    }
  }

  #admit(link: Link, incarnation: number | null): void {
    const { heartbeatMs, suspectMs } = this.#options;
    link.send({ type: 'admitted', incarnation, heartbeatMs, suspectMs });
    this.#told.add(link);
  }

  #tell(view: View): void {
    this.#log.info('members', { version: view.version, members: view.members.map(({ name, incarnation }) => `${name} ${incarnation}`) });
    for (const link of this.#told) {
      // Whoever does not read will ask again when it wakes up.
      if (link.pendingBytes > WIRE_LIMITS.viewBytes) link.destroy();
      else link.send({ type: 'view', view });
    }
  }
}
