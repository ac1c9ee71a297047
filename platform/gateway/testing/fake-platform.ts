/** A platform for the tests of the gateway, in the same process: what a function does is said by its name. */
import type { PheromoneClient } from '../../client/pheromone-client.ts';
import type { CallOptions, CallResult, FeedOptions, Output } from '../../client/run.ts';
import type { SubscribeOptions } from '../../client/subscription.ts';
import type { AppDefinition } from '../../core/app.ts';
import { type ErrorCode, PheromoneError } from '../../core/errors.ts';
import { bundleId, decodeBundle } from '../../store/bundles.ts';
import { countersOf } from '../../wire/counters.ts';
import { spanOf } from '../../wire/testing/spans.ts';

export interface SeenCall {
  readonly app: string;
  readonly fn: string;
  readonly input: Buffer;
  readonly options: CallOptions | FeedOptions;
  isCancelled: boolean;
  /** Answers a call of `later`. */
  readonly finish: (result: CallResult) => void;
}

export function outputOf(text: string, key = ''): Output {
  return { source: 'f', key, group: '', bytes: Buffer.from(text) };
}

export function resultOf(...texts: readonly string[]): CallResult {
  return { outputs: texts.map((text) => outputOf(text)), spans: [] };
}

/**
 * `echo` answers with its input, `keyed` with an output that has a key which is no ASCII, `none` without one, `large`
 * with as many bytes as its input says, `twice` with two outputs and a span; `fail-CODE` fails; `later` waits for the test.
 */
export class FakePlatform {
  readonly calls: SeenCall[] = [];
  readonly apps = new Map<string, AppDefinition>();
  readonly subscribers = new Set<SubscribeOptions>();
  /** Whether it can be connected to. */
  isUp = true;
  /** Whether it answers when it is asked for its status. */
  isResponsive = true;
  readonly #ends = new Set<(error: PheromoneError) => void>();

  readonly connect = async (): Promise<PheromoneClient> => {
    if (!this.isUp) throw new PheromoneError('DISCONNECTED', 'connect: ECONNREFUSED');
    const { promise: ended, resolve } = Promise.withResolvers<PheromoneError>();
    this.#ends.add(resolve);
    return {
      ended,
      register: async (app) => {
        if (app.functions?.[0]?.module === 'nowhere') throw new PheromoneError('FUNCTION_LOAD_FAILED', 'no such module');
        this.apps.set(app.name, app);
      },
      unregister: async (name) => {
        if (!this.apps.delete(name)) throw new PheromoneError('UNKNOWN_APP', `no app ${name}`);
      },
      call: (app, fn, input, options) => this.#start(app, fn, input, options).result,
      start: (app, fn, input, options) => this.#start(app, fn, input, options),
      feed: async (app, fn, input, options = {}) => void (await this.#start(app, fn, input, options).result),
      subscribe: async (app, options) => {
        if (app === 'unknown') throw new PheromoneError('UNKNOWN_APP', `no app ${app}`);
        this.subscribers.add(options);
        return { close: async () => void this.subscribers.delete(options) };
      },
      uploadBundle: async (bundle) => {
        const encoded = bundle as Uint8Array;
        decodeBundle(encoded);
        return bundleId(encoded);
      },
      status: () => (this.isResponsive ? Promise.resolve(this.#status()) : new Promise(() => {})),
      close: async () => resolve(new PheromoneError('CANCELLED', 'the client was closed')),
    };
  };

  /** Ends all connections. */
  lose(): void {
    for (const end of this.#ends) end(new PheromoneError('DISCONNECTED', 'the node closed the connection'));
    this.#ends.clear();
  }

  #status() {
    const memory = { usedBytes: 0, arenaBytes: 1 };
    const executors = [{ index: 1, state: 'idle' as const }];
    return { sessions: this.calls.length, executors, memory, counters: countersOf(({ length }) => length), apps: [...this.apps.keys()] };
  }

  #start(app: string, fn: string, input: Uint8Array, options: CallOptions | FeedOptions = {}) {
    const { promise: result, resolve, reject } = Promise.withResolvers<CallResult>();
    const call: SeenCall = { app, fn, input: Buffer.from(input), options, isCancelled: false, finish: resolve };
    this.calls.push(call);
    const cancel = (): void => {
      call.isCancelled = true;
      reject(new PheromoneError('CANCELLED', 'call: cancelled by the caller'));
    };
    if (fn.startsWith('fail-')) reject(new PheromoneError(fn.slice('fail-'.length) as ErrorCode, `${fn} ${'x'.repeat(5_000)}`));
    else if (fn === 'breaks') reject(new TypeError('a fault of the gateway itself'));
    else if (fn !== 'later') resolve(answerOf(fn, call.input));
    return { result, cancel };
  }
}

function answerOf(fn: string, input: Buffer): CallResult {
  if (fn === 'none') return resultOf();
  if (fn === 'keyed') return { outputs: [outputOf('x', 'Schlüssel/1')], spans: [] };
  if (fn === 'large') return resultOf('x'.repeat(Number(input)));
  if (fn === 'twice') return { ...resultOf('one', 'two'), spans: [spanOf('twice', 1, 2)] };
  return { outputs: [{ source: fn, key: '', group: '', bytes: input }], spans: [] };
}
