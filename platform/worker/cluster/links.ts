/** The connections that this node has to others: dialled when they are first needed, gone with the node at their other end. */
import { PheromoneError } from '../../core/errors.ts';
import type { PeerReport, PeerRequest } from '../../wire/peer-messages.ts';
import { type Address, Link, type LinkEvents, type Patience } from './link.ts';

export interface LinksParts {
  readonly patience: Patience;
  /** Where a node listens; `undefined`: it is not a member of the cluster. */
  addressOf(node: string): Address | undefined;
  report(node: string, message: PeerReport, payload: Uint8Array): void;
  /** Whether anything that a node was given is not over. */
  isBusy(node: string): boolean;
  /** A node can no longer be reached as a guest: what it was given is lost. */
  lost(node: string, error: PheromoneError): void;
}

export class Links {
  readonly #parts: LinksParts;
  readonly #byNode = new Map<string, Link>();

  constructor(parts: LinksParts) {
    this.#parts = parts;
  }

  /** The connection over which a node is given what it is to run. Throws `NODE_LOST` where it is not a member. */
  to(node: string): Link {
    const known = this.#byNode.get(node);
    if (known !== undefined) return known;
    const link = this.dial(node, {
      report: (message, payload) => this.#parts.report(node, message, payload),
      isBusy: () => this.#parts.isBusy(node),
      lost: (error) => {
        if (this.#byNode.get(node) === link) this.#byNode.delete(node);
        this.#parts.lost(node, error);
      },
    });
    this.#byNode.set(node, link);
    return link;
  }

  /** Sends to a node that there is a connection to; others have nothing that it could concern. */
  tell(node: string, message: PeerRequest, payload?: readonly Uint8Array[]): void {
    this.#byNode.get(node)?.send(message, payload);
  }

  /** A connection of one's own to a node. Throws `NODE_LOST` where it is not a member. */
  dial(node: string, events: LinkEvents): Link {
    const address = this.#parts.addressOf(node);
    if (address === undefined)
      throw new PheromoneError('NODE_LOST', `node "${node}": expected a member of the cluster, it is none any more`);
    return new Link(node, address, this.#parts.patience, events);
  }

  /** Ends what leads to nodes that are not members any more. */
  prune(): void {
    for (const [node, link] of this.#byNode) {
      if (this.#parts.addressOf(node) === undefined) link.destroy(new PheromoneError('NODE_LOST', `node "${node}" has left the cluster`));
    }
  }

  close(): void {
    for (const link of [...this.#byNode.values()]) link.destroy(new PheromoneError('CANCELLED', 'this node ends'));
  }
}
