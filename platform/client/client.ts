/** The SDK: register apps with a node and call them. */
import type { AppDefinition, BucketDefinition, TriggerDefinition } from '../core/app.ts';
import { PheromoneError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { type ConnectOptions, connect, type NodeConnection } from '../wire/connection.ts';
import { WIRE_LIMITS } from '../wire/limits.ts';
import { type ClientMessage, type NodeMessage, PROTOCOL_VERSION, type Status, type Welcome } from '../wire/messages.ts';
import { withBucket, withoutBucket, withoutTrigger, withTrigger } from './definition.ts';
import { type CallOptions, type CallResult, type Pending, PendingRun, type Run } from './run.ts';

const KEEP = { keep: true } as const;

/** Connects to a node. Rejects with `DISCONNECTED` if none answers in time, with `BAD_MESSAGE` if it speaks another version. */
export async function connectClient(options: ConnectOptions): Promise<Client> {
  const connection = await connect(options);
  const { pid } = await shakeHands(connection, options.timeoutMs ?? WIRE_LIMITS.connectMs);
  return new Client(connection, pid);
}

function shakeHands(connection: NodeConnection, timeoutMs: number): Promise<Welcome> {
  return new Promise((resolve, reject) => {
    const late = new PheromoneError('DISCONNECTED', `node: expected a welcome within ${timeoutMs} ms, got none`);
    const timer = setTimeout(() => connection.destroy(late), timeoutMs);
    connection.onClose((error) => {
      clearTimeout(timer);
      reject(error ?? new PheromoneError('DISCONNECTED', 'node: expected a welcome, got the end of the connection'));
    });
    connection.onMessage((message) => {
      clearTimeout(timer);
      if (message.type === 'failed') connection.destroy(new PheromoneError(message.code, message.message));
      else if (message.type === 'welcome' && message.version === PROTOCOL_VERSION) resolve(message);
      else {
        const got = message.type === 'welcome' ? `version ${message.version}` : message.type;
        connection.destroy(new PheromoneError('BAD_MESSAGE', `node: expected a welcome of version ${PROTOCOL_VERSION}, got ${got}`));
      }
    });
    connection.send({ type: 'hello', version: PROTOCOL_VERSION });
  });
}

/**
 * A connection to a node; made by {@link connectClient}. Any number of calls may be under way. When the connection
 * ends, everything under way and everything after it rejects with `DISCONNECTED`.
 */
export class Client {
  /** Process id of the node. */
  readonly pid: number;
  readonly #connection: NodeConnection;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  /** Definitions that the node has accepted, to be edited. */
  readonly #apps = new Map<string, AppDefinition>();
  /** Definitions change one after the other, each on top of what became of the one before. */
  #edits: Promise<void> = Promise.resolve();
  /** Why nothing more can be asked, once that is so. */
  #ended: PheromoneError | undefined;
  readonly #closed: Promise<void>;

  constructor(connection: NodeConnection, pid: number) {
    this.pid = pid;
    this.#connection = connection;
    connection.onMessage((message, payload, isOwn) => this.#receive(message, payload, isOwn));
    this.#closed = new Promise((resolve) => {
      connection.onClose((error) => {
        this.#end(error ?? new PheromoneError('DISCONNECTED', 'the node closed the connection'));
        resolve();
      });
    });
  }

  /** Makes an app callable. An app of that name is replaced for the sessions that start from then on. Rejects with `INVALID_APP`. */
  register(app: AppDefinition): Promise<void> {
    return this.#edit(app.name, () => app);
  }

  /** Takes an app back; its sessions fail with `CANCELLED`. Rejects with `UNKNOWN_APP`. */
  unregister(name: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#request((id) => ({ type: 'unregister', id, app: name }), 'done');
      this.#apps.delete(name);
    });
  }

  /** Adds a bucket to an app that this client has registered, for the sessions that start from then on. */
  createBucket(app: string, bucket: BucketDefinition): Promise<void> {
    return this.#edit(app, (current) => withBucket(known(current, app), bucket));
  }

  /** Deletes a bucket and its triggers, likewise. Rejects with `UNKNOWN_BUCKET`. */
  deleteBucket(app: string, name: string): Promise<void> {
    return this.#edit(app, (current) => withoutBucket(known(current, app), name));
  }

  /** Adds a trigger, likewise. Rejects with `INVALID_APP`. */
  addTrigger(app: string, trigger: TriggerDefinition): Promise<void> {
    return this.#edit(app, (current) => withTrigger(known(current, app), trigger));
  }

  /** Deletes a trigger, likewise. Rejects with `INVALID_ARGUMENT` if there is none of that name. */
  deleteTrigger(app: string, name: string): Promise<void> {
    return this.#edit(app, (current) => withoutTrigger(known(current, app), name));
  }

  /** Calls function `fn` of an app with `input`: {@link start} for those who only want the result. */
  call(app: string, fn: string, input: Uint8Array, options?: CallOptions): Promise<CallResult> {
    return this.start(app, fn, input, options).result;
  }

  /**
   * Starts a call of function `fn` of an app; never throws. An input above `WIRE_LIMITS.copyBytes` is not copied:
   * leave it as it is until the result is there. It may lie in shared memory.
   */
  start(app: string, fn: string, input: Uint8Array, options: CallOptions = {}): Run {
    const { answer = 'first', deadlineMs, signal, trace = false } = options;
    this.#lastId += 1;
    const run = new PendingRun(this.#lastId, this.#abandon);
    const obstacle = this.#ended ?? faultOf(app, fn, input, options);
    if (obstacle !== undefined) {
      run.fail(obstacle);
      return run;
    }
    try {
      const call = { type: 'call', id: run.id, app, fn, answer, deadlineMs, trace } as const;
      this.#connection.send(call, input, input.length > WIRE_LIMITS.copyBytes ? KEEP : undefined);
    } catch (error) {
      run.fail(error as PheromoneError);
      return run;
    }
    this.#pending.set(run.id, run);
    if (deadlineMs !== undefined || signal !== undefined) run.limit(deadlineMs, signal);
    return run;
  }

  /** What the node is doing. */
  async status(): Promise<Omit<Status, 'type' | 'id'>> {
    const { sessions, executors, memory, apps } = await this.#request((id) => ({ type: 'status', id }), 'status');
    return { sessions, executors, memory, apps };
  }

  /** Ends the connection; what is under way rejects with `CANCELLED`. Resolves once it is closed, and never rejects. */
  close(): Promise<void> {
    this.#end(new PheromoneError('CANCELLED', 'the client was closed'));
    this.#connection.close();
    return this.#closed;
  }

  #inTurn(change: () => Promise<void>): Promise<void> {
    const edit = this.#edits.then(change);
    this.#edits = edit.catch(() => {});
    return edit;
  }

  #edit(name: string, change: (current: AppDefinition | undefined) => AppDefinition): Promise<void> {
    return this.#inTurn(async () => {
      const app = change(this.#apps.get(name));
      await this.#request((id) => ({ type: 'register', id, app }), 'done');
      this.#apps.set(name, app);
    });
  }

  #request<T extends NodeMessage['type']>(ask: (id: number) => ClientMessage, type: T): Promise<Extract<NodeMessage, { type: T }>> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) throw this.#ended;
      this.#lastId += 1;
      const id = this.#lastId;
      this.#connection.send(ask(id));
      this.#pending.set(id, {
        answer: (message) => {
          if (message.type === type) resolve(message as Extract<NodeMessage, { type: T }>);
          else reject(new PheromoneError('BAD_MESSAGE', `node: expected ${type}, got ${message.type}`));
        },
        fail: reject,
      });
    });
  }

  #receive(message: NodeMessage, payload: Uint8Array, isOwn: boolean): void {
    if (message.type === 'welcome') throw new PheromoneError('BAD_MESSAGE', 'node: expected one welcome, got another');
    const pending = this.#pending.get(message.id);
    if (pending === undefined) {
      // Otherwise the late answer to a call that was given up.
      if (message.id === 0 && message.type === 'failed') this.#connection.destroy(new PheromoneError(message.code, message.message));
      return;
    }
    this.#pending.delete(message.id);
    if (message.type === 'failed') pending.fail(new PheromoneError(message.code, message.message));
    else pending.answer(message, payload, isOwn);
  }

  readonly #abandon = (run: PendingRun, error: PheromoneError): void => {
    if (!this.#pending.delete(run.id)) return;
    this.#connection.send({ type: 'cancel', id: run.id });
    run.fail(error);
  };

  #end(error: PheromoneError): void {
    this.#ended ??= error;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const request of pending) request.fail(error);
  }
}

function known(app: AppDefinition | undefined, name: string): AppDefinition {
  if (app === undefined) throw new PheromoneError('UNKNOWN_APP', `app ${name}: expected one that this client has registered`);
  return app;
}

/** What keeps a call from being sent. Types are checked, too: the node would end the connection over them. */
function faultOf(
  app: string,
  fn: string,
  input: Uint8Array,
  { answer, deadlineMs, signal, trace }: CallOptions,
): PheromoneError | undefined {
  if (typeof app !== 'string' || typeof fn !== 'string') return invalid('app and function', 'names', `${typeof app} and ${typeof fn}`);
  if (!(input instanceof Uint8Array)) return invalid('input', 'a Uint8Array', typeof input);
  if (input.length > LIMITS.objectBytes) {
    return new PheromoneError('OBJECT_TOO_LARGE', `input: expected at most ${LIMITS.objectBytes} bytes, got ${input.length}`);
  }
  if (answer !== undefined && answer !== 'first' && answer !== 'all') return invalid('answer', '"first" or "all"', String(answer));
  if (trace !== undefined && typeof trace !== 'boolean') return invalid('trace', 'a boolean', typeof trace);
  if (deadlineMs !== undefined && !(Number.isFinite(deadlineMs) && deadlineMs > 0)) {
    return invalid('deadlineMs', 'a finite number above 0', String(deadlineMs));
  }
  if (signal?.aborted) return new PheromoneError('CANCELLED', 'call: its signal had fired before it began');
  return undefined;
}

function invalid(what: string, expected: string, got: string): PheromoneError {
  return new PheromoneError('INVALID_ARGUMENT', `${what}: expected ${expected}, got ${got}`);
}
