/** Another worker node in the hands of a test, which says what it likes, when it likes. */
import type { ExecutionContext } from 'ava';
import { joinCluster } from '../../../member/membership.ts';
import type { Connection } from '../../../wire/connection.ts';
import { dial, listen } from '../../../wire/greeting.ts';
import type { ObjectHead, PeerReport, PeerRequest, Run } from '../../../wire/peer-messages.ts';
import { GUEST_SIDE, HOME_SIDE } from '../../../wire/peer-protocol.ts';

const PATIENCE_MS = 30_000;

interface Heard<M> {
  readonly message: M;
  readonly payload: Uint8Array;
}

/** One end of a connection between nodes. */
export class TestPeer<Sent, Received extends { readonly type: string }> {
  readonly closed: Promise<void>;
  readonly #connection: Connection<Sent, Received>;
  readonly #unread: Heard<Received>[] = [];
  #changed = Promise.withResolvers<void>();
  #isClosed = false;

  constructor(connection: Connection<Sent, Received>) {
    this.#connection = connection;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    connection.onClose(() => {
      this.#isClosed = true;
      this.#changed.resolve();
      resolve();
    });
    connection.onMessage((message, payload) => {
      this.#unread.push({ message, payload: Uint8Array.from(payload) });
      this.#changed.resolve();
    });
  }

  send(message: Sent, payload: Uint8Array | string = ''): void {
    this.#connection.send(message, typeof payload === 'string' ? Buffer.from(payload) : payload);
  }

  /** The next message of a type that is as wanted; others are left for later. Rejects where none comes. */
  async next<T extends Received['type']>(type: T, isWanted: (message: Extract<Received, { type: T }>) => boolean = () => true) {
    const endMs = performance.now() + PATIENCE_MS;
    for (;;) {
      const at = this.#unread.findIndex(({ message }) => message.type === type && isWanted(message as Extract<Received, { type: T }>));
      if (at >= 0) return this.#unread.splice(at, 1)[0] as Heard<Extract<Received, { type: T }>>;
      const said = this.#unread.map(({ message }) => message.type).join(', ');
      if (this.#isClosed) throw new Error(`expected ${type} before the end of the connection, got ${said}`);
      this.#changed = Promise.withResolvers();
      const timer = setTimeout(() => this.#changed.reject(new Error(`expected ${type}, got ${said}`)), endMs - performance.now());
      await this.#changed.promise;
      clearTimeout(timer);
    }
  }

  /** What has come and was not asked for. */
  get unread(): readonly Received[] {
    return this.#unread.map(({ message }) => message);
  }

  /** Ends the connection once what was said has left. */
  end(): void {
    this.#connection.close();
  }
}

/** A home of sessions: it gives runs to a worker. */
export type TestHome = TestPeer<PeerRequest, PeerReport>;
/** A guest, or a holder of objects, on one connection that a worker has dialled. */
export type TestGuest = TestPeer<PeerReport, PeerRequest>;

export async function dialHome(t: ExecutionContext, { port }: { readonly port: number }, name = 'test-home'): Promise<TestHome> {
  const { connection } = await dial({ host: '127.0.0.1', port, self: { role: 'worker', name }, protocol: HOME_SIDE });
  const home = new TestPeer(connection);
  t.teardown(() => home.end());
  return home;
}

/** A member of the cluster that workers take for one of them. */
export interface TestGuestNode {
  readonly name: string;
  /** The next connection that a worker dials: first the one by which it gives work, then the one by which it fetches. */
  dialled(): Promise<TestGuest>;
}

export async function listenAsGuest(
  t: ExecutionContext,
  manager: { readonly host: string; readonly port: number },
  name: string,
): Promise<TestGuestNode> {
  const arrived: TestGuest[] = [];
  const waiting: ((guest: TestGuest) => void)[] = [];
  const listener = await listen({
    ...{ host: '127.0.0.1', port: 0, self: { role: 'worker', name } },
    accept: (peer, speak) => {
      // The coordinator of the test reaches such a member, too.
      if (peer.role !== 'worker') throw new Error('nobody else is expected');
      const guest = new TestPeer(speak(GUEST_SIDE));
      const take = waiting.shift();
      if (take === undefined) arrived.push(guest);
      else take(guest);
      t.teardown(() => guest.end());
    },
  });
  t.teardown(() => listener.close());
  const place = { host: '127.0.0.1', port: listener.port, pid: process.pid } as const;
  const membership = await joinCluster({ manager, self: { name, role: 'worker', ...place, labels: [], executors: 1, draining: false } });
  t.teardown(() => membership.close());
  return { name, dialled: async () => arrived.shift() ?? new Promise((resolve) => waiting.push(resolve)) };
}

/** An object as it is told of; by default its bytes come along. */
export function objectOf(size: number, more: Partial<ObjectHead> = {}): ObjectHead {
  return { source: -1, bucket: -1, key: '', group: '', metadata: '', size, sentNs: 1, node: '', ref: 1, ...more };
}

/** A run with one input, whose bytes come along. */
export function runOf(input: string, more: Partial<Run> = {}): Run {
  return {
    ...{ type: 'run', session: 1, app: 'app', version: 1, fn: 0, traced: false, sequence: 1, attempt: 1, first: -1 },
    objects: [objectOf(input.length)],
    ...more,
  };
}
