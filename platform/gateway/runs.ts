/** Asynchronous calls: under way, and for a while after they are over. */
import { randomUUID } from 'node:crypto';
import type { PheromoneClient } from '../client/pheromone-client.ts';
import type { CallOptions } from '../client/run.ts';
import { PheromoneError } from '../core/errors.ts';
import type { GatewayLimits } from './limits.ts';
import { type Problem, problemOf } from './problem.ts';
import { type ResultJson, resultJson } from './results.ts';

export type RunState = 'running' | 'succeeded' | 'failed' | 'cancelled';

export interface RunJson {
  readonly id: string;
  readonly app: string;
  readonly fn: string;
  readonly state: RunState;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly endedAt?: string;
  /** Of a run that succeeded. */
  readonly result?: ResultJson;
  /** Of a run that failed or was cancelled. */
  readonly error?: Problem;
}

/** What became of a run. */
type Outcome = { readonly endedAt: Date } & ({ readonly result: ResultJson } | { readonly error: unknown });

/** One asynchronous call. */
export interface KeptRun {
  readonly id: string;
  readonly app: string;
  readonly fn: string;
  readonly startedAt: Date;
  /** Resolves when the run is over; never rejects. */
  readonly settled: Promise<void>;
  /** `undefined` until it is over. */
  outcome: Outcome | undefined;
  /** Gives the run up; does nothing once it is over. */
  readonly cancel: () => void;
}

export class Runs {
  readonly #limits: GatewayLimits;
  readonly #underWay = new Map<string, KeptRun>();
  /** In the order in which they ended, each with the timer that forgets it. */
  readonly #over = new Map<string, { readonly run: KeptRun; readonly bytes: number; readonly timer: NodeJS.Timeout }>();
  #bytes = 0;

  constructor(limits: GatewayLimits) {
    this.#limits = limits;
  }

  get counts(): { readonly underWay: number; readonly over: number; readonly bytes: number } {
    return { underWay: this.#underWay.size, over: this.#over.size, bytes: this.#bytes };
  }

  /** Starts a call. Throws `OVERLOADED` if as many are under way as can be kept. */
  start(client: PheromoneClient, app: string, fn: string, input: Uint8Array, options: CallOptions): KeptRun {
    if (this.#underWay.size >= this.#limits.runs) {
      throw new PheromoneError('OVERLOADED', `runs: expected at most ${this.#limits.runs} under way, got one more`);
    }
    const id = randomUUID();
    const { result, cancel } = client.start(app, fn, input, options);
    const settled = result
      .then((value) => ({ endedAt: new Date(), result: resultJson(value, this.#limits) }))
      .catch((error: unknown) => ({ endedAt: new Date(), error }))
      .then((outcome) => this.#keep(run, outcome));
    const run: KeptRun = { id, app, fn, startedAt: new Date(), settled, outcome: undefined, cancel: () => cancel() };
    this.#underWay.set(id, run);
    this.#shrink();
    return run;
  }

  get(id: string): KeptRun | undefined {
    return this.#underWay.get(id) ?? this.#over.get(id)?.run;
  }

  /** Cancels what is under way and forgets the rest. */
  close(): void {
    for (const run of this.#underWay.values()) run.cancel();
    for (const id of this.#over.keys()) this.#forget(id);
  }

  #keep(run: KeptRun, outcome: Outcome): void {
    const bytes = 'result' in outcome ? outcome.result.outputs.reduce((sum, { base64 }) => sum + base64.length, 0) : 0;
    run.outcome = outcome;
    this.#underWay.delete(run.id);
    this.#over.set(run.id, { run, bytes, timer: setTimeout(() => this.#forget(run.id), this.#limits.runMs).unref() });
    this.#bytes += bytes;
    this.#shrink();
  }

  /** Forgets the oldest runs that are over, until what is kept is within its bounds; the last one may be beyond them alone. */
  #shrink(): void {
    for (const id of this.#over.keys()) {
      const isWithin = this.#bytes <= this.#limits.runsBytes || this.#over.size === 1;
      if (isWithin && this.#underWay.size + this.#over.size <= this.#limits.runs) return;
      this.#forget(id);
    }
  }

  #forget(id: string): void {
    const kept = this.#over.get(id);
    if (kept === undefined) return;
    clearTimeout(kept.timer);
    this.#bytes -= kept.bytes;
    this.#over.delete(id);
  }
}

export function stateOf({ outcome }: KeptRun): RunState {
  if (outcome === undefined) return 'running';
  if ('result' in outcome) return 'succeeded';
  return outcome.error instanceof PheromoneError && outcome.error.code === 'CANCELLED' ? 'cancelled' : 'failed';
}

export function runJson(run: KeptRun, limits: GatewayLimits): RunJson {
  const { id, app, fn, startedAt, outcome } = run;
  const begun = { id, app, fn, state: stateOf(run), startedAt: startedAt.toISOString() };
  if (outcome === undefined) return begun;
  const ended = { ...begun, endedAt: outcome.endedAt.toISOString() };
  return 'result' in outcome ? { ...ended, result: outcome.result } : { ...ended, error: problemOf(outcome.error, limits) };
}
