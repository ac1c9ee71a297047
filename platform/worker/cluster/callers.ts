/** The members that have dialled this node: what they wanted here ends when they leave the cluster. */
import { PheromoneError } from '../../core/errors.ts';
import type { Member } from '../../core/membership.ts';
import type { Peer } from '../../wire/greeting-messages.ts';

/** As much of a connection as concerns its end. */
export interface Endable {
  readonly isOver: boolean;
  destroy(error: PheromoneError): void;
}

/**
 * The connection of a member that stands still, or was cut off for good, does not end by itself: without this, whatever
 * it has here would stay. Those who have yet to become members are left alone, as coordinators are that first learn.
 */
export class Callers {
  readonly #connections = new Map<string, Set<Endable>>();
  #members: readonly Member[] = [];

  add(peer: Peer, connection: Endable): void {
    const known = [...(this.#connections.get(keyOf(peer)) ?? [])].filter(({ isOver }) => !isOver);
    this.#connections.set(keyOf(peer), new Set([...known, connection]));
  }

  /** Ends the connections of processes that were members until now. */
  see(members: readonly Member[]): void {
    const present = new Set(members.map(keyOf));
    for (const member of this.#members) {
      const key = keyOf(member);
      if (present.has(key)) continue;
      const error = new PheromoneError('NODE_LOST', `${member.role} "${member.name}" has left the cluster`);
      for (const connection of this.#connections.get(key) ?? []) connection.destroy(error);
      this.#connections.delete(key);
    }
    this.#members = members;
  }
}

/** Of a process: whoever comes after it under its name is another one. */
function keyOf({ name, pid }: { readonly name: string; readonly pid: number }): string {
  return `${pid} ${name}`;
}
