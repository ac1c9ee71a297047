/** A manager, workers in processes of their own, and a coordinator that places as the test says. */
import type { ExecutionContext } from 'ava';
import type { AppDefinition } from '../../../core/app.ts';
import { PheromoneError } from '../../../core/errors.ts';
import { type RoleProcess, spawnRole } from '../../../launch/spawn.ts';
import { startManager } from '../../../manager/manager.ts';
import { joinCluster } from '../../../member/membership.ts';
import type { StoreConfig } from '../../../store/durable/open-store.ts';
import type { Load, Place, WorkerMessage } from '../../../wire/coordinator-messages.ts';
import { COORDINATOR_SIDE, type WorkerConnection } from '../../../wire/coordinator-protocol.ts';
import { dial } from '../../../wire/greeting.ts';
import type { Trace } from '../../../wire/messages.ts';
import type { WorkerOptions } from '../../options.ts';
import { listenAsGuest, type TestGuestNode } from './peer.ts';

const POLL_MS = 10;
const POLLS = 2_000;

export interface Answer extends Trace {
  readonly text: string;
  readonly bytes: Uint8Array;
  readonly outputs: readonly string[];
}

export interface TestWorker extends RoleProcess {
  readonly name: string;
  /** The last load that it has told of. */
  load(): Load | undefined;
  call(app: string, fn: string, input: Uint8Array | string, options?: { answer?: 'first' | 'all'; trace?: boolean }): Promise<Answer>;
}

export interface SmallCluster {
  readonly workers: readonly TestWorker[];
  /** Installs an app on all workers. */
  install(app: AppDefinition): Promise<void>;
  /** Resolves when no worker that lives has a session. */
  emptied(): Promise<void>;
  readonly places: readonly Place[];
  /** Members that the test plays itself; there before the workers. */
  readonly played: readonly TestGuestNode[];
}

/** The node that an invocation is placed on; `''`: none. */
export type PlaceRule = (place: Place, asker: string) => string;

/** By default an invocation goes to the first live worker after the one that asks which has all that its function requires. */
export async function smallCluster(
  t: ExecutionContext,
  options: readonly Partial<WorkerOptions>[],
  {
    rule,
    store,
    played: names = [],
  }: { rule?: (workers: readonly TestWorker[]) => PlaceRule; store?: StoreConfig; played?: string[] } = {},
): Promise<SmallCluster> {
  const manager = await startManager({ port: 0 });
  t.teardown(() => manager.stop());
  const address = `127.0.0.1:${manager.port}`;
  const self = { name: 'test-coordinator', role: 'coordinator', host: '127.0.0.1', port: 1, pid: process.pid } as const;
  const membership = await joinCluster({
    manager: { host: '127.0.0.1', port: manager.port },
    self: { ...self, labels: [], executors: 0, draining: false },
  });
  t.teardown(() => membership.close());
  const played = await Promise.all(names.map((name) => listenAsGuest(t, { host: '127.0.0.1', port: manager.port }, name)));
  const apps: AppDefinition[] = [];
  const places: Place[] = [];
  let decide: PlaceRule = () => '';
  const desks = await Promise.all(
    options.map(async (given, index) => {
      const name = `worker-${index}`;
      const role = await spawnRole('worker', { arenaBytes: 2 ** 28, executors: 1, ...given, name, manager: address }, { store });
      t.teardown(() => role.stop());
      const { connection } = await dial({ host: '127.0.0.1', port: role.port, self, protocol: COORDINATOR_SIDE });
      return new Desk(name, role, connection, (place) => {
        places.push(place);
        return decide(place, name);
      });
    }),
  );
  const requires = (place: Place): readonly string[] => {
    return apps.find(({ name }) => name === place.app)?.functions.find(({ name }) => name === place.fn)?.requires ?? [];
  };
  decide =
    rule?.(desks) ??
    ((place, asker) => {
      const able = desks.filter(({ isAlive, name }, index) => {
        return (
          isAlive && name !== asker && !place.exclude.includes(name) && requires(place).every((l) => options[index]?.labels?.includes(l))
        );
      });
      return able[0]?.name ?? '';
    });
  return {
    workers: desks,
    places,
    played,
    async install(app) {
      apps.push(app);
      await Promise.all(desks.map((desk) => desk.install(app, apps.length)));
    },
    async emptied() {
      for (let poll = 0; poll < POLLS; poll++) {
        if (desks.every((desk) => !desk.isAlive || desk.load()?.sessions === 0)) return;
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
      t.fail(`sessions left: ${desks.map((desk) => `${desk.name} ${desk.load()?.sessions}`).join(', ')}`);
    },
  };
}

/** The coordinator's connection to one worker. */
class Desk implements TestWorker {
  readonly name: string;
  readonly #role: RoleProcess;
  readonly #connection: WorkerConnection;
  readonly #waiting = new Map<number, (message: WorkerMessage, payload: Uint8Array) => void>();
  #load: Load | undefined;
  #lastId = 0;

  constructor(name: string, role: RoleProcess, connection: WorkerConnection, place: (place: Place) => string) {
    this.name = name;
    this.#role = role;
    this.#connection = connection;
    connection.onClose(() => {
      for (const [id, settle] of this.#waiting)
        settle({ type: 'failed', id, code: 'DISCONNECTED', message: 'worker lost' }, new Uint8Array(0));
    });
    connection.onMessage((message, payload) => {
      if (message.type === 'load') this.#load = message;
      else if (message.type === 'place') {
        const node = place(message);
        connection.send({ type: 'placed', id: message.id, node, count: node === '' ? 0 : message.count, leaseMs: 100 });
      } else if ('id' in message) this.#waiting.get(message.id)?.(message, Uint8Array.from(payload));
    });
  }

  get pid(): number {
    return this.#role.pid;
  }

  get port(): number {
    return this.#role.port;
  }

  get isAlive(): boolean {
    return this.#role.isAlive;
  }

  get ended(): Promise<string> {
    return this.#role.ended;
  }

  stop(graceMs?: number): Promise<void> {
    return this.#role.stop(graceMs);
  }

  load(): Load | undefined {
    return this.#load;
  }

  async install(app: AppDefinition, version: number): Promise<void> {
    const id = ++this.#lastId;
    const answered = this.#answer(id);
    this.#connection.send({ type: 'install', id, app, version });
    await answered;
  }

  async call(
    app: string,
    fn: string,
    input: Uint8Array | string,
    { answer = 'first', trace = false }: { answer?: 'first' | 'all'; trace?: boolean } = {},
  ): Promise<Answer> {
    const id = ++this.#lastId;
    const answered = this.#answer(id);
    const bytes = typeof input === 'string' ? Buffer.from(input) : input;
    this.#connection.send({ type: 'call', id, app, fn, answer, deadlineMs: 60_000, trace }, bytes);
    const { message, payload } = await answered;
    if (message.type !== 'result') throw new Error(`expected a result, got ${message.type}`);
    let at = 0;
    const outputs = message.outputs.map(({ size }) => {
      at += size;
      return Buffer.from(payload.subarray(at - size, at)).toString();
    });
    return { text: outputs[0] ?? '', bytes: payload, outputs, spans: message.spans, transfers: message.transfers };
  }

  #answer(id: number): Promise<{ message: WorkerMessage; payload: Uint8Array }> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, (message, payload) => {
        this.#waiting.delete(id);
        if (message.type === 'failed') reject(new PheromoneError(message.code, message.message));
        else if (message.type === 'declined') reject(new PheromoneError('OVERLOADED', message.message));
        else resolve({ message, payload });
      });
    });
  }
}
