/** Runs a workflow's bodies one after the other, by direct calls: the least that an orchestration can be. */
import { setTimeout } from 'node:timers/promises';
import { DriverError, type Output, type Span } from '../../workloads/api/driver.ts';
import { type Emitted, hostNowNs, runBody } from '../../workloads/api/run-body.ts';
import type { Dependency, FunctionBody, Input, Window } from '../../workloads/api/workflow.ts';
import type { CompiledFunction, Program } from './compile.ts';

/** What a run came to. */
export interface Interpreted {
  readonly outputs: readonly Output[];
  readonly spans: readonly Span[];
}

/** The values of a map's or a k-out-of-n's invocations, by item. */
interface Join {
  readonly to: string;
  /** How many must be over, or, where `isByCount`, how many values must be there. */
  readonly wanted: number;
  readonly isByCount: boolean;
  readonly values: (Input | undefined)[];
  over: number;
}

interface Call {
  readonly fn: CompiledFunction;
  readonly inputs: readonly Input[];
  readonly join?: { readonly of: Join; readonly item: number };
}

/** After this long the event loop gets a turn, so that a cancellation is heard. */
const TURN_NS = 20e6;

/** One run. */
export class Interpreter {
  readonly #program: Program;
  readonly #bodies: ReadonlyMap<string, FunctionBody>;
  readonly #signal: AbortSignal;
  readonly #startedNs = hostNowNs();
  readonly #queue: Call[] = [];
  /** Values that wait in an assemble, batch or window, or for their group. */
  readonly #waiting = new Map<Dependency, Input[]>();
  readonly #windows = new Map<Window, number>();
  readonly #outputs: Output[] = [];
  readonly #spans: Span[] = [];

  constructor(program: Program, bodies: ReadonlyMap<string, FunctionBody>, signal: AbortSignal) {
    this.#program = program;
    this.#bodies = bodies;
    this.#signal = signal;
  }

  /** Runs the workflow on `input` to its end. Rejects with a {@link DriverError}. */
  async run(input: Uint8Array): Promise<Interpreted> {
    this.#start(this.#program.entry, [{ from: '', key: '', group: '', bytes: input }]);
    let turnNs = hostNowNs();
    // Every call is taken out once and cycles have a way out; a body that loops without end is cancelled or timed out.
    for (let next = 0; next < this.#queue.length || (await this.#fireWaiting()); next++) {
      await this.#call(this.#queue[next]!);
      if (this.#program.result === 'first' && this.#outputs.length > 0) {
        return { outputs: this.#outputs.slice(0, 1), spans: this.#spans };
      }
      if (hostNowNs() - turnNs > TURN_NS) {
        await new Promise(setImmediate);
        turnNs = hostNowNs();
      }
      this.#fireWindows();
    }
    if (this.#program.result === 'all') return { outputs: this.#outputs, spans: this.#spans };
    throw new DriverError('FUNCTION_FAILED', 'expected a value from a function that nothing depends on, got none before the run ended');
  }

  async #call({ fn, inputs, join }: Call): Promise<void> {
    const { name, rule, timeoutMs } = fn;
    const { emitted, span } = await runBody(this.#bodies.get(name)!, { name, inputs, rule, timeoutMs, signal: this.#signal });
    this.#spans.push(span);
    if (fn.isTerminal) for (const value of emitted) this.#outputs.push({ from: name, ...value });
    const values = emitted.map(({ bytes, key, group }: Emitted): Input => ({ from: name, key, group, bytes }));
    for (const d of fn.taking) this.#take(d, values);
    if (join !== undefined) this.#joined(join.of, join.item, values[0]);
  }

  #start(name: string, inputs: readonly Input[], join?: Call['join']): void {
    const fn = this.#program.functions.get(name)!;
    this.#queue.push(join === undefined ? { fn, inputs } : { fn, inputs, join });
  }

  #take(d: Dependency, values: readonly Input[]): void {
    if (d.pattern === 'map') this.#startEach(d.each, d.to, values);
    for (const value of values) {
      switch (d.pattern) {
        case 'map':
          break;
        case 'sequence':
          this.#start(d.to, [value]);
          break;
        case 'choice':
          this.#start(d.to[value.key]!, [value]);
          break;
        case 'parallel':
          for (const to of d.to) this.#start(to, [value]);
          break;
        case 'k-out-of-n': {
          const of: Join = { to: d.to, wanted: d.k, isByCount: true, values: [], over: 0 };
          for (let item = 0; item < d.n; item++) this.#start(d.each, [value], { of, item });
          break;
        }
        default:
          this.#gather(d, value);
      }
    }
  }

  #startEach(each: string, to: string | undefined, values: readonly Input[]): void {
    const of: Join = { to: to ?? '', wanted: values.length, isByCount: false, values: [], over: 0 };
    for (const [item, value] of values.entries()) this.#start(each, [value], to === undefined ? undefined : { of, item });
    if (to !== undefined && values.length === 0) this.#start(to, []);
  }

  #joined(join: Join, item: number, value: Input | undefined): void {
    if (join.isByCount && value === undefined) return;
    join.over++;
    join.values[join.isByCount ? join.over - 1 : item] = value;
    if (join.over === join.wanted)
      this.#start(
        join.to,
        join.values.filter((joined) => joined !== undefined),
      );
  }

  #gather(d: Dependency, value: Input): void {
    const waiting = this.#waiting.get(d) ?? [];
    this.#waiting.set(d, waiting);
    if (d.pattern !== 'assemble') waiting.push(value);
    else if (!waiting.some(({ from }) => from === value.from)) waiting.push(value);
    if (d.pattern === 'assemble' && waiting.length === d.from.length) {
      const inputs = this.#takeOut(d);
      this.#start(
        d.to,
        d.from.map((name) => inputs.find(({ from }) => from === name)!),
      );
    }
    if (d.pattern === 'batch' && waiting.length === d.size) this.#start(d.to, this.#takeOut(d));
    if (d.pattern === 'window' && waiting.length === 1) {
      const sinceNs = hostNowNs() - this.#startedNs;
      this.#windows.set(d, this.#startedNs + (Math.floor(sinceNs / (d.everyMs * 1e6)) + 1) * d.everyMs * 1e6);
    }
  }

  #takeOut(d: Dependency): Input[] {
    const inputs = this.#waiting.get(d) ?? [];
    this.#waiting.delete(d);
    return inputs;
  }

  #fireWindows(): void {
    for (const [window, dueNs] of this.#windows) {
      if (hostNowNs() < dueNs) continue;
      this.#windows.delete(window);
      this.#start(window.to, this.#takeOut(window));
    }
  }

  /** With nothing left to run: fires the groups whose sources cannot start any more, or else waits for a window. */
  async #fireWaiting(): Promise<boolean> {
    const willStart = [...this.#waiting.keys()].flatMap((d) => (d.pattern === 'group' || d.pattern === 'window' ? [d.to] : []));
    for (const [group, upstream] of this.#program.upstream) {
      if (!this.#waiting.has(group) || willStart.some((name) => upstream.has(name))) continue;
      for (const inputs of Map.groupBy(this.#takeOut(group), (input) => input.group).values()) this.#start(group.to, inputs);
      return true;
    }
    if (this.#windows.size === 0) return false;
    const dueNs = Math.min(...this.#windows.values());
    const waitMs = Math.max(0, dueNs - hostNowNs()) / 1e6;
    await setTimeout(waitMs, undefined, { signal: this.#signal }).catch(() => {});
    if (this.#signal.aborted) throw new DriverError('CANCELLED', 'cancelled while a window was open');
    this.#fireWindows();
    return this.#windows.size === 0 || this.#fireWaiting();
  }
}
