/** Which worker gets work, as a coordinator decides it (paper: two-tier scheduling). */

/** What a coordinator knows of a worker from the view of the cluster. */
export interface PlaceableWorker {
  readonly name: string;
  readonly labels: readonly string[];
  readonly executors: number;
  readonly draining: boolean;
}

/** What a worker says of itself. */
export interface WorkerLoad {
  /** Executors that could begin an invocation at once. */
  readonly idle: number;
  /** Invocations that no executor has begun. */
  readonly waiting: number;
  /** Object memory, used and all of it. */
  readonly usedBytes: number;
  readonly arenaBytes: number;
  readonly draining: boolean;
}

export interface PlaceRequest {
  readonly app: string;
  readonly fn: string;
  /** Labels that the worker must have. Default: none. */
  readonly requires?: readonly string[] | undefined;
  /** Invocations, at least 1. */
  readonly count: number;
  /** Where the inputs of one of them are. */
  readonly inputs: readonly { readonly node: string; readonly bytes: number }[];
  /** Workers that are not wanted. Default: none. */
  readonly exclude?: readonly string[] | undefined;
  /** Whether a worker without an idle executor is as good as none. Default: no. */
  readonly onlyIdle?: boolean | undefined;
  readonly nowMs: number;
}

/** Where to, and how many of the invocations asked for: as many as begin there at once, at least 1. */
export interface Placing {
  readonly node: string;
  readonly count: number;
}

/**
 * What counts how much. An executor that can begin at once weighs more than a warm function and all inputs on a busy
 * worker, and a warm function more than inputs: loading one takes longer than fetching most of them. Where nobody is
 * idle it is a trade: a short queue is put up with for a warm function, a long one is not.
 */
const WEIGHTS = {
  /** One of the invocations can begin at once: 1. None: 0, less the share of the queue, down to -1. */
  idle: 8,
  /** Share of the invocations that can begin at once. */
  begun: 8,
  /** The function has run there: 1. Its app has: 1/2. */
  warm: 4,
  /** Share of the inputs' bytes that lie there. */
  inputs: 2,
  /** Share of its executors that are idle. */
  room: 1,
  /** The inputs that it lacks would fill its memory beyond `FULL`: they would have to be spilled. */
  full: -32,
} as const;
/** Share of object memory. */
const FULL = 0.9;
/** After this time at the latest a worker's load says what came of what was placed there. */
const SETTLE_MS = 20;

interface Known {
  readonly worker: PlaceableWorker;
  load: WorkerLoad;
  /** Functions that have run there, by app. */
  readonly warm: Map<string, Set<string>>;
  /** Invocations placed there in the current stretch of time and in the one before, as far as they are not known to be over. */
  placed: number;
  placedBefore: number;
  stretchMs: number;
}

/**
 * What a coordinator knows of its workers, and where work goes by that. Equals take turns. Neither chance nor a clock
 * has a say. What has been placed within the last moments counts as load beside what the worker reports: the report
 * may be older, and for that moment rather counts it twice than not at all.
 */
export class Placement {
  #known: Known[] = [];
  readonly #byName = new Map<string, Known>();
  /** Whose turn it is among equals. */
  #turn = 0;

  /** A worker has come, or what is known of it has changed. */
  set(worker: PlaceableWorker): void {
    const was = this.#byName.get(worker.name);
    const idle = { idle: worker.executors, waiting: 0, usedBytes: 0, arenaBytes: 0, draining: false };
    const known: Known =
      was === undefined ? { worker, load: idle, warm: new Map(), placed: 0, placedBefore: 0, stretchMs: 0 } : { ...was, worker };
    this.#byName.set(worker.name, known);
    this.#known = [...this.#byName.values()];
  }

  /** A worker is gone; one of its name that comes later is another one. */
  remove(name: string): void {
    this.#byName.delete(name);
    this.#known = [...this.#byName.values()];
  }

  report(name: string, load: WorkerLoad): void {
    const known = this.#byName.get(name);
    if (known !== undefined) known.load = load;
  }

  /** The app was taken back or replaced: what had run there of it is warm no longer. */
  forget(app: string): void {
    for (const { warm } of this.#known) warm.delete(app);
  }

  /** Invocations that were placed there are over. */
  over(name: string, count: number): void {
    const known = this.#byName.get(name);
    if (known !== undefined) known.placed = Math.max(0, known.placed - count);
  }

  /** The worker for some invocations of one function; `undefined` where none will do. They count as placed there. */
  place(request: PlaceRequest): Placing | undefined {
    const best = this.#bestFor(request);
    if (best === undefined) return undefined;
    const count = Math.min(request.count, Math.max(1, idleAt(best)));
    best.placed += count;
    const functions = best.warm.get(request.app);
    if (functions === undefined) best.warm.set(request.app, new Set([request.fn]));
    else functions.add(request.fn);
    return { node: best.worker.name, count };
  }

  #bestFor(request: PlaceRequest): Known | undefined {
    let totalBytes = 0;
    for (const { bytes } of request.inputs) totalBytes += bytes;
    let best: Known | undefined;
    let bestScore = Number.NEGATIVE_INFINITY;
    let bestIndex = 0;
    for (let i = 0; i < this.#known.length; i++) {
      const index = (this.#turn + i) % this.#known.length;
      const known = this.#known[index]!;
      if (!suits(known, request)) continue;
      settle(known, request.nowMs);
      if (request.onlyIdle === true && idleAt(known) === 0) continue;
      const score = scoreOf(known, request, totalBytes);
      if (score <= bestScore) continue;
      best = known;
      bestScore = score;
      bestIndex = index;
    }
    if (best !== undefined) this.#turn = bestIndex + 1;
    return best;
  }
}

function suits({ worker, load }: Known, { requires = [], exclude = [] }: PlaceRequest): boolean {
  if (worker.draining || load.draining || exclude.includes(worker.name)) return false;
  return requires.every((label) => worker.labels.includes(label));
}

/** Forgets what was placed so long ago that the load knows of it. */
function settle(known: Known, nowMs: number): void {
  const passedMs = nowMs - known.stretchMs;
  if (passedMs < SETTLE_MS) return;
  known.placedBefore = passedMs < 2 * SETTLE_MS ? known.placed : 0;
  known.placed = 0;
  known.stretchMs = nowMs;
}

function idleAt({ load, placed, placedBefore }: Known): number {
  return Math.max(0, load.idle - placed - placedBefore);
}

function scoreOf(known: Known, request: PlaceRequest, totalBytes: number): number {
  const { worker, load, warm, placed, placedBefore } = known;
  const idle = idleAt(known);
  const waiting = load.waiting + Math.max(0, placed + placedBefore - load.idle);
  const begins = idle > 0 ? 1 : -waiting / Math.max(1, waiting + worker.executors);
  const functions = warm.get(request.app);
  const isWarm = functions === undefined ? 0 : functions.has(request.fn) ? 1 : 0.5;
  let bytesThere = 0;
  for (const { node, bytes } of request.inputs) if (node === worker.name) bytesThere += bytes;
  const isFull = load.usedBytes + totalBytes - bytesThere > FULL * load.arenaBytes && load.arenaBytes > 0;
  return (
    WEIGHTS.idle * begins +
    (WEIGHTS.begun * Math.min(idle, request.count)) / request.count +
    WEIGHTS.warm * isWarm +
    (totalBytes > 0 ? (WEIGHTS.inputs * bytesThere) / totalBytes : 0) +
    (WEIGHTS.room * idle) / Math.max(1, worker.executors) +
    (isFull ? WEIGHTS.full : 0)
  );
}
