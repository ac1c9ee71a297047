/** The orchestrating handler: follows a program, awaiting nothing but Restate's promises, so that a replay takes the same way. */
import { type Context, RestatePromise, type TerminalError } from '@restatedev/restate-sdk';
import { DriverError, type Output, type Span } from '../../workloads/api/driver.ts';
import { isAppScoped } from '../../workloads/api/graph.ts';
import type { Batch, Dependency, Input, KOutOfN, MapEach, Window } from '../../workloads/api/workflow.ts';
import type { Program } from './compile.ts';
import { type Call, checkSize, type Ended, MESSAGE_LIMIT_BYTES } from './envelope.ts';
import { toTerminal } from './errors.ts';

/** An invocation of a function, under way. */
export interface Started {
  readonly ended: RestatePromise<Ended>;
  /** Gives it up: nobody waits for its values. Records that, so it is to be awaited. */
  cancel(): Promise<void>;
}

/** What the handler does through Restate besides sleeping. */
export interface Effects {
  start(call: Call): Started;
  /** Hands a value to what gathers for dependency `index` of app scope. */
  gather(index: number, value: Input): void;
  /** Hands a value of a streaming workflow to its subscribers. */
  publish(ended: Ended): RestatePromise<void>;
}

/** Something that is awaited, and what follows it. */
interface Awaited {
  readonly promise: RestatePromise<() => void>;
  /** Functions that may start because of it. */
  readonly leadsTo: readonly string[];
  readonly started: readonly Started[];
}

/** One run of a program. */
export class Flow {
  readonly #ctx: Context;
  readonly #program: Program;
  readonly #effects: Effects;
  readonly #call: Call;
  readonly #awaited = new Set<Awaited>();
  /** Values that wait in an assemble, batch or window, or for their group. */
  readonly #waiting = new Map<Dependency, Input[]>();
  /** Invocations whose values came too late, to be given up. */
  readonly #lost: Started[] = [];
  readonly #outputs: Output[] = [];
  readonly #spans: Span[] = [];

  constructor(ctx: Context, program: Program, effects: Effects, call: Call) {
    this.#ctx = ctx;
    this.#program = program;
    this.#effects = effects;
    this.#call = { ...call, root: ctx.request().id };
  }

  /** Runs to the end. Rejects with a `TerminalError`. */
  async run(): Promise<Ended> {
    try {
      const { fn, inputs } = this.#call;
      this.#startNext(fn, inputs);
      for (let next = this.#next(); next !== undefined; next = this.#next()) {
        const follow = await next;
        follow();
        for (const { cancel } of this.#lost.splice(0)) await cancel();
        if (this.#program.result === 'first' && this.#outputs.length > 0) return this.#result(this.#outputs.slice(0, 1));
      }
      if (this.#program.result === 'all') return this.#result(this.#program.isStreaming ? [] : this.#outputs);
      throw new DriverError('FUNCTION_FAILED', 'expected a value from a function that nothing depends on, got none before the run ended');
    } catch (error) {
      throw toTerminal(error);
    } finally {
      for (const { started } of this.#awaited) for (const { cancel } of started) await cancel();
    }
  }

  #result(values: readonly Output[]): Ended {
    checkSize('all outputs together', values, MESSAGE_LIMIT_BYTES);
    return { values, spans: this.#spans };
  }

  /** What ends next of all that is awaited; nothing more can start without it. */
  #next(): RestatePromise<() => void> | undefined {
    this.#fireGroups();
    const [first, ...others] = this.#awaited;
    if (first === undefined) return undefined;
    return others.length === 0 ? first.promise : RestatePromise.race([first, ...others].map(({ promise }) => promise));
  }

  #await<T>(promise: RestatePromise<T>, leadsTo: readonly string[], started: readonly Started[], follow: (value: T) => void): Awaited {
    const awaited: Awaited = {
      promise: promise.map((value?: T, failure?: TerminalError) => () => {
        if (failure !== undefined) throw failure;
        this.#awaited.delete(awaited);
        follow(value as T);
      }),
      leadsTo,
      started,
    };
    this.#awaited.add(awaited);
    return awaited;
  }

  #start(fn: string, inputs: readonly Input[], follow: (ended: Ended) => void): Awaited {
    const started = this.#perform(fn, inputs);
    return this.#await(started.ended, [fn], [started], (ended) => {
      this.#spans.push(...ended.spans);
      follow(ended);
    });
  }

  #perform(fn: string, inputs: readonly Input[]): Started {
    return this.#effects.start({ ...this.#call, fn, inputs });
  }

  #startNext(fn: string, inputs: readonly Input[]): void {
    this.#start(fn, inputs, (ended) => this.#followed(fn, ended));
  }

  /** An invocation of `fn` is over: hands its values on. */
  #followed(fn: string, { values, spans }: Ended): void {
    const { isTerminal, taking } = this.#program.functions[fn]!;
    if (isTerminal) this.#output(values, spans);
    for (const index of taking) this.#take(index, values);
  }

  #output(values: readonly Output[], spans: readonly Span[]): void {
    this.#outputs.push(...values);
    if (this.#program.isStreaming && values.length > 0) this.#await(this.#effects.publish({ values, spans }), [], [], () => {});
  }

  #take(index: number, values: readonly Input[]): void {
    const d = this.#program.dependencies[index]!;
    if (d.pattern === 'map') this.#map(d, values);
    else for (const value of values) this.#takeOne(index, d, value);
  }

  #takeOne(index: number, d: Exclude<Dependency, MapEach>, value: Input): void {
    switch (d.pattern) {
      case 'sequence':
        this.#startNext(d.to, [value]);
        break;
      case 'choice':
        this.#startNext(d.to[value.key]!, [value]);
        break;
      case 'parallel':
        for (const to of d.to) this.#startNext(to, [value]);
        break;
      case 'k-out-of-n':
        this.#kOutOfN(d, value);
        break;
      default:
        if (isAppScoped(d)) this.#effects.gather(index, value);
        else this.#gather(d, value);
    }
  }

  #map({ each, to }: MapEach, values: readonly Input[]): void {
    const joined: (Input | undefined)[] = [];
    const over = (item: number, ended: Ended): void => {
      this.#followed(each, ended);
      joined[item] = ended.values[0];
    };
    if (values.length === 0) this.#joined(to, []);
    else if (this.#program.functions[each]!.isAwaitedTogether) {
      const started = values.map((value) => this.#perform(each, [value]));
      this.#await(RestatePromise.all(started.map(({ ended }) => ended)), [each], started, (all) => {
        for (const [item, ended] of all.entries()) {
          this.#spans.push(...ended.spans);
          over(item, ended);
        }
        this.#joined(to, joined);
      });
    } else {
      let left = values.length;
      for (const [item, value] of values.entries()) {
        this.#start(each, [value], (ended) => {
          over(item, ended);
          if (--left === 0) this.#joined(to, joined);
        });
      }
    }
  }

  #kOutOfN({ each, n, k, to }: KOutOfN, value: Input): void {
    const joined: Input[] = [];
    const copies = Array.from({ length: n }, () =>
      this.#start(each, [value], (ended) => {
        this.#followed(each, ended);
        joined.push(...ended.values);
        if (ended.values.length === 0 || joined.length < k) return;
        for (const loser of copies) if (this.#awaited.delete(loser)) this.#lost.push(...loser.started);
        this.#joined(to, joined);
      }),
    );
  }

  #joined(to: string | undefined, values: readonly (Input | undefined)[]): void {
    const inputs = values.filter((value) => value !== undefined);
    if (to !== undefined) this.#startNext(to, inputs);
  }

  #gather(d: Dependency, value: Input): void {
    const waiting = this.#waiting.get(d) ?? [];
    this.#waiting.set(d, waiting);
    if (d.pattern !== 'assemble' || !waiting.some(({ from }) => from === value.from)) waiting.push(value);
    if (d.pattern === 'assemble' && waiting.length === d.from.length) {
      this.#waiting.delete(d);
      this.#startNext(
        d.to,
        d.from.map((name) => waiting.find(({ from }) => from === name)!),
      );
    }
    if (d.pattern === 'batch' && waiting.length === d.size) this.#fire(d);
    if (d.pattern === 'window' && waiting.length === 1) this.#await(this.#ctx.sleep(d.everyMs), [d.to], [], () => this.#fire(d));
  }

  #fire(d: Batch | Window): void {
    const values = this.#waiting.get(d) ?? [];
    this.#waiting.delete(d);
    this.#startNext(d.to, values);
  }

  /** Starts the groups for whose sources nothing can start any more. */
  #fireGroups(): void {
    for (const [d, values] of this.#waiting) {
      if (d.pattern !== 'group') continue;
      const upstream = this.#program.upstream[this.#program.dependencies.indexOf(d)]!;
      const coming = [...this.#awaited].flatMap(({ leadsTo }) => leadsTo);
      const grouping = [...this.#waiting.keys()].flatMap((other) => (other.pattern === 'group' && other !== d ? [other.to] : []));
      if ([...coming, ...grouping].some((fn) => upstream.includes(fn))) continue;
      this.#waiting.delete(d);
      for (const inputs of Map.groupBy(values, ({ group }) => group).values()) this.#startNext(d.to, inputs);
    }
  }
}
