/** The worker's end of its connections with coordinators: they dial, give it apps and calls, and are asked to place what it has too much of. */

import { type ErrorCode, toPheromoneError } from '../../core/errors.ts';
import type { HashRing } from '../../core/hash-ring.ts';
import { ClientSession } from '../../door/client-session.ts';
import type { Caller, CallRequest, Service } from '../../door/service.ts';
import type { ClientConnection } from '../../wire/client-protocol.ts';
import type { AppObject, CoordinatorMessage, Install, KnownApp, Load, Open, Refusal } from '../../wire/coordinator-messages.ts';
import type { CoordinatorConnection } from '../../wire/coordinator-protocol.ts';
import { CLUSTER_LIMITS } from './limits.ts';
import type { Patience } from './link.ts';
import { nowhere, type Placement, type PlaceRequest } from './placing.ts';

/** Codes with which a call has not begun, so that it may be placed on another worker. */
const DECLINES: ReadonlySet<ErrorCode> = new Set(['OVERLOADED', 'OUT_OF_MEMORY']);

/** What coordinators have a worker do. */
export interface CoordinatedNode extends Service {
  /** Makes a version of an app callable. Rejects as `register`, and with `WRONG_COORDINATOR` for a version that is too low. */
  install(install: Install): Promise<void>;
  /** Opens the session of a firing of app scope; returns what gives it up. Throws as `call`. */
  open(open: Open, payload: Uint8Array, caller: Caller): () => void;
  /** All apps that are callable here. */
  apps(): readonly KnownApp[];
  load(): Omit<Load, 'type'>;
}

/** An object of app scope that a coordinator has not taken yet. */
interface Handing {
  readonly refused: (refusal: Pick<Refusal, 'code' | 'message'>) => void;
  readonly over: () => void;
}

/** One coordinator's connection. */
interface Desk {
  readonly connection: CoordinatorConnection;
  readonly placing: Map<number, (placement: Placement) => void>;
  readonly handing: Map<number, Handing>;
  /** What it was last told, as text. */
  told: string;
}

export class Coordinators {
  readonly #node: CoordinatedNode;
  readonly #patience: Patience;
  readonly #desks = new Map<string, Desk>();
  #ring: HashRing | undefined;
  #lastId = 0;
  #loadDue: NodeJS.Timeout | undefined;

  /** `patience`: when a coordinator that does not take an object is taken for lost. */
  constructor(node: CoordinatedNode, patience: Patience) {
    this.#node = node;
    this.#patience = patience;
  }

  setRing(ring: HashRing): void {
    this.#ring = ring;
  }

  /** A coordinator has dialled. */
  accept(name: string, connection: CoordinatorConnection): void {
    const desk: Desk = { connection, placing: new Map(), handing: new Map(), told: '' };
    const client = new ClientSession(this.#serviceFor(desk), connection as unknown as ClientConnection, (id, error) => {
      // It has not begun: the coordinator may place it elsewhere.
      if (!DECLINES.has(error.code)) return false;
      connection.send({ type: 'declined', id, message: error.message });
      return true;
    });
    connection.keepAlive({ ...this.#patience, isBusy: () => desk.handing.size > 0 });
    connection.onMessage((message, payload) => this.#receive(desk, client, message, payload));
    connection.onClose(() => {
      client.end();
      if (this.#desks.get(name) === desk) this.#desks.delete(name);
      for (const answer of desk.placing.values()) answer(nowhere(`its coordinator "${name}" was lost`));
      const lost = { code: 'DISCONNECTED', message: `coordinator "${name}" was lost before it took the object` } as const;
      for (const { refused, over } of desk.handing.values()) {
        refused(lost);
        over();
      }
    });
    this.#desks.get(name)?.connection.destroy();
    this.#desks.set(name, desk);
    connection.send({ type: 'apps', apps: this.#node.apps() });
    this.#tellLoad(desk);
  }

  /** Asks the app's coordinator for a node; `answer` is called once. */
  place(request: PlaceRequest, answer: (placement: Placement) => void): void {
    const desk = this.#deskOf(request.app);
    if (desk === undefined) {
      setImmediate(answer, nowhere(`its coordinator "${this.#ring?.ownerOf(request.app)}" is not connected`));
      return;
    }
    const id = ++this.#lastId;
    const timer = setTimeout(() => settle(nowhere('its coordinator does not answer')), CLUSTER_LIMITS.askMs);
    const settle = (placement: Placement): void => {
      clearTimeout(timer);
      if (desk.placing.delete(id)) answer(placement);
    };
    desk.placing.set(id, settle);
    desk.connection.send({ type: 'place', id, ...request });
  }

  /** Hands an object to the triggers of scope `app`; `over` is called when the coordinator has it, or will not. */
  hand(object: Omit<AppObject, 'type' | 'id'>, payload: Uint8Array, handing: Handing): void {
    const desk = this.#deskOf(object.app);
    if (desk === undefined) {
      handing.refused({
        code: 'DISCONNECTED',
        message: `app "${object.app}": expected its coordinator to take an object, it is not there`,
      });
      handing.over();
      return;
    }
    const id = ++this.#lastId;
    desk.handing.set(id, handing);
    desk.connection.send({ type: 'app-object', id, ...object }, payload);
  }

  /** Something may have changed of how busy the node is: coordinators are told, not more often than makes sense. */
  loadChanged(): void {
    if (this.#desks.size === 0) return;
    this.#loadDue ??= setTimeout(() => {
      this.#loadDue = undefined;
      for (const desk of this.#desks.values()) this.#tellLoad(desk);
    }, CLUSTER_LIMITS.loadMs);
  }

  close(): void {
    clearTimeout(this.#loadDue);
    for (const { connection } of this.#desks.values()) connection.close();
  }

  #deskOf(app: string): Desk | undefined {
    return this.#desks.get(this.#ring?.ownerOf(app) ?? '');
  }

  #tellLoad(desk: Desk): void {
    const load = this.#node.load();
    const text = JSON.stringify(load);
    if (text === desk.told) return;
    desk.told = text;
    desk.connection.send({ type: 'load', ...load });
  }

  #receive(desk: Desk, client: ClientSession, message: CoordinatorMessage, payload: Uint8Array): void {
    const { id } = message;
    switch (message.type) {
      case 'install':
        this.#answerWhenDone(desk, id, this.#node.install(message));
        break;
      case 'open':
        client.begin(id, (caller) => this.#node.open(message, payload, caller));
        break;
      case 'placed':
        desk.placing.get(id)?.(message);
        break;
      case 'taken':
        this.#settleHanding(desk, id);
        break;
      case 'refusal':
        this.#settleHanding(desk, id, message);
        break;
      default:
        client.receive(message, payload);
    }
  }

  #settleHanding({ handing }: Desk, id: number, refusal?: Refusal): void {
    const one = handing.get(id);
    if (one === undefined) return;
    handing.delete(id);
    if (refusal !== undefined) one.refused(refusal);
    one.over();
  }

  #answerWhenDone({ connection }: Desk, id: number, work: Promise<void>): void {
    work.then(
      () => {
        connection.send({ type: 'done', id });
        this.#tellOthers(connection);
      },
      (error: unknown) => {
        const { code, message } = toPheromoneError(error);
        connection.send({ type: 'failed', id, code, message });
      },
    );
  }

  /** Apps that one coordinator has installed are news to the others. */
  #tellOthers(source: CoordinatorConnection): void {
    const apps = this.#node.apps();
    for (const { connection } of this.#desks.values()) if (connection !== source) connection.send({ type: 'apps', apps });
  }

  /** An app that is taken back over one connection is news to the others. */
  #serviceFor({ connection }: Desk): Service {
    const node = this.#node;
    return {
      register: (definition) => node.register(definition),
      unregister: (name) => node.unregister(name).then(() => this.#tellOthers(connection)),
      call: (request: CallRequest, input, caller) => node.call(request, input, caller),
      feed: (request, event, over) => node.feed(request, event, over),
      subscribe: (app, subscriber) => node.subscribe(app, subscriber),
      putBundle: (encoded) => node.putBundle(encoded),
      status: () => node.status(),
    };
  }
}
