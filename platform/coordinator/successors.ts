/** Hands objects of app scope to the coordinators that own their apps now. */
import { PheromoneError } from '../core/errors.ts';
import type { Member } from '../core/membership.ts';
import type { AppObject } from '../wire/coordinator-messages.ts';
import { type CoordinatorConnection, WORKER_SIDE } from '../wire/coordinator-protocol.ts';
import { dial } from '../wire/greeting.ts';
import type { KeepAliveOptions } from '../wire/keep-alive.ts';
import type { Security } from '../wire/security.ts';

export interface SuccessorsParts {
  /** The coordinator's name. */
  readonly self: string;
  readonly security: Security;
  /** When a coordinator that owes an answer is taken for lost. */
  readonly keepAlive: Omit<KeepAliveOptions, 'isBusy'>;
}

/** What is handed over; its session is one of this coordinator's numbers. */
export type HandedObject = Omit<AppObject, 'type' | 'id'>;

export class Successors {
  readonly #parts: SuccessorsParts;
  #members: readonly Member[] = [];
  readonly #heirs = new Map<string, Heir>();
  /** Objects under way. */
  readonly #handing = new Set<Promise<void>>();

  constructor(parts: SuccessorsParts) {
    this.#parts = parts;
  }

  see(members: readonly Member[]): void {
    this.#members = members.filter(({ role }) => role === 'coordinator');
    for (const [name, heir] of this.#heirs) {
      if (this.#members.some((member) => member.name === name && member.incarnation === heir.member.incarnation)) continue;
      heir.close(new PheromoneError('DISCONNECTED', `coordinator "${name}" has left the cluster`));
    }
  }

  /** Resolves when the coordinator `owner` has taken the object; rejects as it refuses it, or with `DISCONNECTED`. Keeps the order. */
  hand(owner: string, object: HandedObject, bytes: Uint8Array): Promise<void> {
    const handing = this.#hand(owner, object, bytes);
    this.#handing.add(handing);
    const over = (): void => void this.#handing.delete(handing);
    handing.then(over, over);
    return handing;
  }

  /** Resolves when all that has been handed over is taken or refused. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#handing);
  }

  close(): void {
    for (const heir of this.#heirs.values()) heir.close(new PheromoneError('CANCELLED', 'the coordinator ends'));
  }

  async #hand(owner: string, object: HandedObject, bytes: Uint8Array): Promise<void> {
    await this.#heirOf(owner).hand(object, bytes);
  }

  /** Throws `DISCONNECTED` where it is no member. */
  #heirOf(name: string): Heir {
    const known = this.#heirs.get(name);
    if (known !== undefined) return known;
    const member = this.#members.find((one) => one.name === name);
    if (member === undefined) throw new PheromoneError('DISCONNECTED', `coordinator "${name}": expected a member of the cluster`);
    const heir: Heir = new Heir(member, this.#parts, () => this.#heirs.get(name) === heir && this.#heirs.delete(name));
    this.#heirs.set(name, heir);
    return heir;
  }
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: PheromoneError) => void;
}

/** A connection to another coordinator, in which this one stands where a worker does. */
class Heir {
  readonly member: Member;
  readonly #connected: Promise<CoordinatorConnection>;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #error: PheromoneError | undefined;

  constructor(member: Member, { self, security, keepAlive }: SuccessorsParts, over: () => void) {
    this.member = member;
    const { host, port, name } = member;
    this.#connected = dial({ host, port, self: { role: 'coordinator', name: self }, protocol: WORKER_SIDE, security }).then(
      ({ connection }) => {
        connection.keepAlive({ ...keepAlive, isBusy: () => this.#waiting.size > 0 });
        connection.onClose((error) => {
          over();
          this.#end(error ?? new PheromoneError('DISCONNECTED', `coordinator "${name}" closed the connection`));
        });
        connection.onMessage((message) => {
          if (message.type === 'taken') this.#settle(message.id)?.resolve();
          else if (message.type === 'refusal') this.#settle(message.id)?.reject(new PheromoneError(message.code, message.message));
        });
        if (this.#error !== undefined) connection.close();
        return connection;
      },
    );
    this.#connected.catch(over);
  }

  async hand(object: HandedObject, bytes: Uint8Array): Promise<void> {
    const connection = await this.#connected;
    if (this.#error !== undefined) throw this.#error;
    this.#lastId += 1;
    const id = this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    connection.send({ type: 'app-object', id, ...object }, bytes);
    this.#waiting.set(id, { resolve, reject });
    await promise;
  }

  close(error: PheromoneError): void {
    this.#end(error);
    this.#connected.then(
      (connection) => connection.close(),
      () => {},
    );
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #end(error: PheromoneError): void {
    this.#error ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#error);
    this.#waiting.clear();
  }
}
