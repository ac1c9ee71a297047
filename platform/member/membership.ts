/** A process's end of the membership: it belongs to a cluster, or watches who does. */
import { PheromoneError, toPheromoneError } from '../core/errors.ts';
import type { Candidate, View } from '../core/membership.ts';
import type { Connection } from '../wire/connection.ts';
import { dial } from '../wire/greeting.ts';
import { WIRE_LIMITS } from '../wire/limits.ts';
import { type Admitted, type Drain, type FromManager, type Leave, MEMBER_SIDE, type ToManager } from '../wire/manager-messages.ts';
import type { Security } from '../wire/security.ts';

export interface JoinOptions {
  readonly manager: { readonly host: string; readonly port: number };
  /** As the manager has it. Left out: neither secret nor TLS. */
  readonly security?: Security | undefined;
  /** What to become a member as. Left out: only watches. */
  readonly self?: Candidate | undefined;
  /** Called with every view that differs from the one before, with the first before {@link joinCluster} resolves. */
  readonly onView?: ((view: View) => void) | undefined;
  /**
   * Called when the others were told that this member is gone, though it is not: whatever it did for them is done
   * again elsewhere. It goes on to join anew, as another incarnation.
   */
  readonly onDropped?: ((error: PheromoneError) => void) | undefined;
  /** How long the manager may take to answer for the first time. Default: `WIRE_LIMITS.connectMs`. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Joins a cluster, or watches it. Rejects with `DISCONNECTED` if no manager answers in time, and with
 * `INVALID_ARGUMENT` if a living member has the name. From then on it stays at it: while the manager is away the
 * last view holds, and the manager is tried again with growing pauses.
 */
export async function joinCluster(options: JoinOptions): Promise<Membership> {
  const membership = new Membership(options);
  const timeoutMs = options.timeoutMs ?? WIRE_LIMITS.connectMs;
  const { host, port } = options.manager;
  const timer = setTimeout(() => {
    const got = membership.lastFault?.message ?? 'none';
    membership.giveUp(new PheromoneError('DISCONNECTED', `manager ${host}:${port}: expected a view within ${timeoutMs} ms, got ${got}`));
  }, timeoutMs);
  try {
    await membership.joined;
    return membership;
  } finally {
    clearTimeout(timer);
  }
}

type ManagerConnection = Connection<ToManager, FromManager>;

/** Made by {@link joinCluster}. */
export class Membership {
  /** Resolves with the first view; rejects if it comes to nothing. */
  readonly joined: Promise<void>;
  readonly #options: JoinOptions;
  readonly #settle: PromiseWithResolvers<void>;
  #view: View = { version: 0, members: [] };
  #incarnation: number | null = null;
  #draining: boolean;
  #state: 'joining' | 'joined' | 'over' = 'joining';
  #connection: ManagerConnection | undefined;
  /** Of the answer to the first message, then of the beats. */
  #timer: NodeJS.Timeout | undefined;
  /** Beats since anything came. */
  #unanswered = 0;
  #retry: NodeJS.Timeout | undefined;
  /** Attempts since the manager last answered. */
  #attempts = 0;
  #lastFault: PheromoneError | undefined;
  /** Ends the wait for the manager's answer. */
  #done: (() => void) | undefined;

  constructor(options: JoinOptions) {
    this.#options = options;
    this.#draining = options.self?.draining ?? false;
    this.#settle = Promise.withResolvers();
    this.joined = this.#settle.promise;
    this.#connect();
  }

  /** The last view that came. */
  get view(): View {
    return this.#view;
  }

  /** Which one of its name it is; `undefined` while it is none. */
  get incarnation(): number | undefined {
    return this.#incarnation ?? undefined;
  }

  /** Why the manager was last lost, or not reached; `undefined` while it never was. */
  get lastFault(): PheromoneError | undefined {
    return this.#lastFault;
  }

  /** Has the others give this member no new work. Resolves when they have been told, or cannot be; never rejects. */
  async drain(): Promise<void> {
    this.#draining = true;
    await this.#tell({ type: 'drain', draining: true });
  }

  /** Ends the membership. Resolves when the others have been told, or cannot be; never rejects. */
  async leave(): Promise<void> {
    await this.#tell({ type: 'leave' });
    this.close();
  }

  /** Ends the connection without a word: a member is dropped after a moment. */
  close(): void {
    this.giveUp(new PheromoneError('CANCELLED', 'membership: closed'));
  }

  /** Ends it, for a reason that {@link joined} rejects with if it is still open. */
  giveUp(error: PheromoneError): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    clearTimeout(this.#retry);
    clearTimeout(this.#timer);
    this.#connection?.close();
    this.#settle.reject(error);
  }

  async #tell(message: Drain | Leave): Promise<void> {
    if (this.#state === 'over' || this.#connection === undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#done = resolve;
    const timer = setTimeout(resolve, WIRE_LIMITS.closeMs);
    this.#connection.send(message);
    await promise;
    clearTimeout(timer);
  }

  #connect(): void {
    const { manager, self, security } = this.#options;
    const { role, name } = self ?? { role: 'client' as const, name: `watcher-${process.pid}` };
    dial({ ...manager, self: { role, name }, protocol: MEMBER_SIDE, security }).then(
      ({ connection }) => this.#talk(connection),
      (error: unknown) => this.#tryAgain(toPheromoneError(error)),
    );
  }

  #talk(connection: ManagerConnection): void {
    if (this.#state === 'over') {
      connection.close();
      return;
    }
    this.#connection = connection;
    const unanswered = new PheromoneError('DISCONNECTED', `manager: expected an answer within ${WIRE_LIMITS.connectMs} ms, got none`);
    this.#timer = setTimeout(() => connection.destroy(unanswered), WIRE_LIMITS.connectMs);
    connection.onMessage((message) => this.#receive(connection, message));
    connection.onClose((error) => {
      clearTimeout(this.#timer);
      this.#connection = undefined;
      this.#done?.();
      this.#tryAgain(error ?? new PheromoneError('DISCONNECTED', 'the manager closed the connection'));
    });
    const { self } = this.#options;
    const known = this.#view.version === 0 ? null : this.#view;
    if (self === undefined) connection.send({ type: 'watch', known });
    else connection.send({ type: 'join', candidate: { ...self, draining: this.#draining }, incarnation: this.#incarnation, known });
  }

  #receive(connection: ManagerConnection, message: FromManager): void {
    this.#unanswered = 0;
    switch (message.type) {
      case 'admitted':
        this.#admit(connection, message);
        break;
      case 'view':
        this.#see(message.view);
        break;
      case 'refused':
      case 'dropped': {
        const error = new PheromoneError('INVALID_ARGUMENT', message.message);
        this.#become(null, error);
        connection.destroy(error);
        break;
      }
      case 'done':
        this.#done?.();
        break;
      case 'beat':
        break;
    }
  }

  #admit(connection: ManagerConnection, { incarnation, heartbeatMs, suspectMs }: Admitted): void {
    this.#attempts = 0;
    this.#become(incarnation, new PheromoneError('DISCONNECTED', 'member: dropped while it could not be reached'));
    const silent = new PheromoneError('DISCONNECTED', `manager: expected a sign of life within ${suspectMs} ms, got none`);
    clearTimeout(this.#timer);
    this.#timer = setInterval(() => {
      // Counted, not timed: if this process stood still, answers may lie unread.
      this.#unanswered += 1;
      if (this.#unanswered > suspectMs / heartbeatMs) connection.destroy(silent);
      else connection.send({ type: 'beat' });
    }, heartbeatMs);
  }

  /** Says so if it was another incarnation before. */
  #become(incarnation: number | null, error: PheromoneError): void {
    const was = this.#incarnation;
    this.#incarnation = incarnation;
    if (was !== null && was !== incarnation) this.#options.onDropped?.(error);
  }

  #see(view: View): void {
    if (view.version > this.#view.version) {
      this.#view = view;
      this.#options.onView?.(view);
    }
    if (this.#state !== 'joining') return;
    this.#state = 'joined';
    this.#settle.resolve();
  }

  #tryAgain(error: PheromoneError): void {
    if (this.#state === 'over') return;
    this.#lastFault = error;
    if (this.#state === 'joining' && !error.retryable) {
      this.giveUp(error);
      return;
    }
    const { rejoinMinMs, rejoinMaxMs } = WIRE_LIMITS;
    const pauseMs = Math.min(rejoinMinMs * 2 ** this.#attempts, rejoinMaxMs);
    this.#attempts += 1;
    // Not all at once, where all have lost the same manager.
    this.#retry = setTimeout(() => this.#connect(), pauseMs * (0.5 + Math.random() / 2));
  }
}
