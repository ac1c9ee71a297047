/** A connection to another worker node that this node has dialled: as home of sessions, or to fetch objects. */
import { PheromoneError, toPheromoneError } from '../../core/errors.ts';
import type { SendOptions } from '../../wire/connection.ts';
import { type DialOptions, dial } from '../../wire/greeting.ts';
import type { KeepAliveOptions } from '../../wire/keep-alive.ts';
import type { PeerReport, PeerRequest } from '../../wire/peer-messages.ts';
import { type GuestConnection, HOME_SIDE } from '../../wire/peer-protocol.ts';

/** Where a node listens, and how it is greeted. */
export type Address = Pick<DialOptions<PeerRequest, PeerReport>, 'host' | 'port' | 'self'>;

/** When another node from which something is awaited is asked whether it is there, and when it is taken for lost. */
export type Patience = Omit<KeepAliveOptions, 'isBusy'>;

export interface LinkEvents {
  report(message: PeerReport, payload: Uint8Array): void;
  /** Memory for the payload of an answer; see `Protocol.room`. */
  room?(message: PeerReport, payloadBytes: number): Uint8Array | undefined;
  /** Whether something is awaited from the other node: only then is it noticed that it stands still or is cut off. */
  isBusy(): boolean;
  /** The connection is over, or never came about; once, last. */
  lost(error: PheromoneError): void;
}

interface Queued {
  readonly message: PeerRequest;
  readonly payload: readonly Uint8Array[];
  readonly options: SendOptions | undefined;
}

/** Messages sent before the connection is there are sent once it is; nothing is sent once it is over. */
export class Link {
  readonly node: string;
  readonly #patience: Patience;
  readonly #events: LinkEvents;
  #queue: Queued[] | undefined = [];
  #connection: GuestConnection | undefined;
  #isOver = false;

  constructor(node: string, address: Address, patience: Patience, events: LinkEvents) {
    this.node = node;
    this.#patience = patience;
    this.#events = events;
    const room = events.room?.bind(events);
    const protocol = room === undefined ? HOME_SIDE : { ...HOME_SIDE, room };
    dial({ ...address, protocol }).then(
      ({ connection, peer }) => {
        if (peer.name === node) this.#open(connection);
        else this.#refuse(connection, new PheromoneError('DISCONNECTED', `expected node "${node}" to listen there, got "${peer.name}"`));
      },
      (error: PheromoneError) => this.#end(error),
    );
  }

  /** Parts of the payload above the wire's `copyBytes` are not copied where `options` say so; see {@link SendOptions}. */
  send(message: PeerRequest, payload: readonly Uint8Array[] = [], options?: SendOptions): void {
    if (this.#isOver) return;
    if (this.#connection !== undefined) this.#connection.send(message, payload, options);
    else if (options !== undefined) this.#queue?.push({ message, payload, options });
    else this.#queue?.push({ message, payload: payload.map((part) => Uint8Array.from(part)), options });
  }

  /** Ends the connection at once. */
  destroy(error: PheromoneError): void {
    this.#connection?.destroy(error);
    this.#end(error);
  }

  #open(connection: GuestConnection): void {
    if (this.#isOver) {
      connection.destroy();
      return;
    }
    this.#connection = connection;
    connection.keepAlive({ ...this.#patience, isBusy: () => this.#events.isBusy() });
    connection.onClose((error) => this.#end(error ?? new PheromoneError('DISCONNECTED', `node "${this.node}" closed the connection`)));
    connection.onMessage((message, payload) => this.#events.report(message, payload));
    const queue = this.#queue ?? [];
    this.#queue = undefined;
    try {
      for (const { message, payload, options } of queue) connection.send(message, payload, options);
    } catch (error) {
      // One that cannot be sent is lost with all that was given to the node: whoever gave it tries again, and gives up in the end.
      this.destroy(toPheromoneError(error));
    }
  }

  #refuse(connection: GuestConnection, error: PheromoneError): void {
    connection.destroy(error);
    this.#end(error);
  }

  #end(error: PheromoneError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const { options } of this.#queue ?? []) options?.sent?.();
    this.#queue = undefined;
    this.#events.lost(error);
  }
}
