/** A worker node that speaks its part of the protocol and runs nothing: what becomes of a call is up to the test. */
import type { ExecutionContext } from 'ava';
import type { AppDefinition } from '../../core/app.ts';
import type { ErrorCode } from '../../core/errors.ts';
import type { Member } from '../../core/membership.ts';
import type { CoordinatorMessage, KnownApp, Load, NamedLabel, WorkerMessage } from '../../wire/coordinator-messages.ts';
import { type CoordinatorConnection, WORKER_SIDE } from '../../wire/coordinator-protocol.ts';
import { countersOf } from '../../wire/counters.ts';
import { listen } from '../../wire/greeting.ts';
import type { Status } from '../../wire/messages.ts';
import type { Listener } from '../../wire/sockets.ts';
import { spanOf } from '../../wire/testing/spans.ts';

type MessageOf<T extends CoordinatorMessage['type']> = Extract<CoordinatorMessage, { type: T }>;

/** A session that a worker has been given. */
export interface Given {
  readonly message: MessageOf<'call'> | MessageOf<'open'>;
  readonly payload: Buffer;
  readonly worker: FakeWorker;
  /** Answers with one output. */
  answer(bytes?: Uint8Array): void;
  fail(code: ErrorCode, text: string): void;
  decline(): void;
}

export interface FakeOptions {
  readonly labels?: readonly string[];
  readonly executors?: number;
  readonly apps?: readonly KnownApp[];
  /** What it does with a session. Default: answers with what it was given. */
  readonly run?: (given: Given) => void;
  /** What is wrong with an app that it is to install. Default: nothing. */
  readonly refuses?: (app: AppDefinition, version: number) => { readonly code: ErrorCode; readonly message: string } | undefined;
}

let incarnations = 0;

/** Starts a worker; it is gone when the test is over. */
export async function fakeWorker(t: Pick<ExecutionContext, 'teardown'>, name: string, options: FakeOptions = {}): Promise<FakeWorker> {
  const worker = new FakeWorker(name, options);
  await worker.start();
  t.teardown(() => worker.kill());
  return worker;
}

export class FakeWorker {
  readonly name: string;
  /** Everything that came, but for calls. */
  readonly heard: CoordinatorMessage[] = [];
  /** Sessions that it was given. */
  readonly given: Given[] = [];
  isAlive = true;
  readonly #options: FakeOptions;
  readonly #apps: Map<string, KnownApp>;
  /** With the names of the coordinators. */
  readonly #connections = new Map<CoordinatorConnection, string>();
  #incarnation = 0;
  #listener: Listener | undefined;

  constructor(name: string, options: FakeOptions) {
    this.name = name;
    this.#options = options;
    this.#apps = new Map((options.apps ?? []).map((app) => [app.name, app]));
  }

  /** What the manager would say of it. */
  get member(): Member {
    const { labels = [], executors = 2 } = this.#options;
    const { name } = this;
    const incarnation = this.#incarnation;
    return {
      ...{ name, labels, executors, incarnation },
      role: 'worker',
      host: '127.0.0.1',
      port: this.#listener?.port ?? 1,
      pid: 1,
      draining: false,
    };
  }

  /** The version that it has of an app. */
  version(app: string): number | undefined {
    return this.#apps.get(app)?.version;
  }

  definition(app: string): AppDefinition | undefined {
    return this.#apps.get(app)?.definition;
  }

  async start(): Promise<void> {
    incarnations += 1;
    this.#incarnation = incarnations;
    this.#listener = await listen({
      ...{ host: '127.0.0.1', port: 0, self: { role: 'worker', name: this.name } },
      accept: ({ name }, speak) => this.#serve(name, speak(WORKER_SIDE)),
    });
  }

  /** Sends something to a coordinator, or to all of them. */
  tell(message: WorkerMessage, payload?: Uint8Array, to?: string): void {
    for (const [connection, name] of this.#connections) if (to === undefined || name === to) connection.send(message, payload);
  }

  load(load: Partial<Load>): void {
    this.tell({
      ...{ type: 'load', idle: 2, executors: 2, waiting: 0, sessions: 0, usedBytes: 0, arenaBytes: 1_000, draining: false },
      ...load,
    });
  }

  /** Hands in an object for triggers of scope `app`. */
  object(id: number, app: string, label: Partial<NamedLabel>, text: string, version = this.version(app) ?? 0, to?: string): void {
    const whole = { source: 'f', bucket: 'b', key: '', group: '', metadata: '', ...label };
    this.tell({ type: 'app-object', id, app, version, label: whole, session: 7 }, Buffer.from(text), to);
  }

  /** What it has been told of one type. */
  told<T extends CoordinatorMessage['type']>(type: T): MessageOf<T>[] {
    return this.heard.filter((message): message is MessageOf<T> => message.type === type);
  }

  /** Ends its connections; it can be dialled again. */
  cutOff(): void {
    for (const connection of this.#connections.keys()) connection.destroy();
  }

  async kill(): Promise<void> {
    this.isAlive = false;
    await this.#listener?.close();
  }

  #serve(name: string, connection: CoordinatorConnection): void {
    this.#connections.set(connection, name);
    connection.onClose(() => this.#connections.delete(connection));
    connection.onMessage((message, payload) => this.#receive(connection, message, payload));
    connection.send({ type: 'apps', apps: [...this.#apps.values()] });
  }

  #receive(connection: CoordinatorConnection, message: CoordinatorMessage, payload: Uint8Array): void {
    if (message.type === 'call' || message.type === 'open') {
      this.#take(connection, message, payload);
      return;
    }
    this.heard.push(message);
    if (message.type === 'install') this.#install(connection, message);
    else if (message.type === 'unregister') {
      this.#apps.delete(message.app);
      connection.send({ type: 'done', id: message.id });
      this.#tellOthers(connection);
    } else if (message.type === 'status') connection.send({ type: 'status', id: message.id, ...this.#status() });
  }

  #install(connection: CoordinatorConnection, { id, app, version }: MessageOf<'install'>): void {
    const fault = this.#options.refuses?.(app, version);
    if (fault !== undefined) {
      connection.send({ type: 'failed', id, ...fault });
      return;
    }
    this.#apps.set(app.name, { name: app.name, version, definition: app });
    connection.send({ type: 'done', id });
    this.#tellOthers(connection);
  }

  /** What one coordinator has done to its apps is news to the others. */
  #tellOthers(source: CoordinatorConnection): void {
    for (const connection of this.#connections.keys())
      if (connection !== source) connection.send({ type: 'apps', apps: [...this.#apps.values()] });
  }

  #take(connection: CoordinatorConnection, message: Given['message'], payload: Uint8Array): void {
    const { id, fn, trace } = message;
    const bytes = Buffer.from(payload);
    const given: Given = {
      ...{ message, payload: bytes, worker: this },
      answer(output = bytes) {
        const span = spanOf(fn, 3, 4);
        const spans = trace ? [span] : [];
        connection.send({ type: 'result', id, outputs: [{ source: fn, key: 'k', group: '', size: output.length }], spans }, output);
      },
      fail: (code, text) => connection.send({ type: 'failed', id, code, message: text }),
      decline: () => connection.send({ type: 'declined', id, message: 'no room' }),
    };
    this.given.push(given);
    (this.#options.run ?? (({ answer }: Given) => answer()))(given);
  }

  #status(): Omit<Status, 'type' | 'id'> {
    return {
      sessions: this.given.length,
      executors: [{ index: 0, state: 'idle' }],
      memory: { usedBytes: 10, arenaBytes: 100 },
      counters: countersOf(() => 1),
      apps: [...this.#apps.keys()],
    };
  }
}
