/** The joins that one process keeps for one workflow: values that wait for others, by session. */
import { isAppScoped } from '../../workloads/api/graph.ts';
import type { Assemble, Batch, Group, Input, KOutOfN, Window } from '../../workloads/api/workflow.ts';
import type { Routes } from './compile.ts';
import { isWhole } from './credit.ts';
import { emptyLineage, joinLineages, type Lineage, type Message, splitLineage } from './message.ts';
import type { Joining } from './plan.ts';

/** What joins bring about. */
export interface JoinEffects {
  /** Start `fn` in this process. */
  start(fn: string, inputs: readonly Input[], lineage: Lineage): void;
  /** Nothing comes of `lineage`, which had led to `fn`, for now; `isKept`: values of it stay here. */
  giveBack(fn: string, lineage: Lineage, isKept: boolean): void;
  /** The lineage of a new session that begins with `fn`. */
  openSession(fn: string): Lineage;
}

/** Values of one join in one session. */
interface Waiting {
  readonly inputs: (Input | undefined)[];
  lineage: Lineage;
  arrived: number;
  hasStarted: boolean;
  timer?: NodeJS.Timeout;
}

/** How long an incomplete join keeps its credit before it gives it back; if it completes sooner, no message is needed. */
const LINGER_MS = 5;
/** In place of a session where a dependency gathers over all of them. */
const ALL_SESSIONS = '';

export class Joins {
  readonly #routes: Routes;
  readonly #effects: JoinEffects;
  readonly #sessions = new Map<string, Map<string, Waiting>>();
  readonly #startedMs = performance.now();

  constructor(routes: Routes, effects: JoinEffects) {
    this.#routes = routes;
    this.#effects = effects;
  }

  /** A value, or the news that an item is over without one, has come for a dependency. */
  arrive(dependency: number, message: Message, bytes: Uint8Array): void {
    const d = this.#routes.dependencies[dependency] as Joining;
    const { item, hasValue, lineage } = message;
    const isApp = isAppScoped(d);
    if (isApp) this.#effects.giveBack(d.to, { ...lineage, spans: '', aside: '' }, false);
    const session = isApp ? ALL_SESSIONS : lineage.session;
    const key = item === undefined ? `${dependency}` : `${dependency} ${item.instance}`;
    const waiting = this.#waiting(session, key);
    waiting.lineage = joinLineages(
      waiting.lineage,
      isApp ? { ...emptyLineage(session), spans: lineage.spans, aside: lineage.aside } : lineage,
    );
    waiting.arrived++;
    const input = hasValue ? { ...message.value, bytes } : undefined;
    const forget = (): void => this.#forget(session, key);
    switch (d.pattern) {
      case 'map':
        waiting.inputs[item!.index] = input;
        if (waiting.arrived >= item!.count) this.#start(d, waiting, forget);
        break;
      case 'k-out-of-n':
        this.#arriveOfN(d, waiting, input, forget);
        break;
      case 'assemble':
        this.#arriveOfSet(d, waiting, input!, forget);
        break;
      case 'batch':
        if (waiting.inputs.push(input) === d.size) this.#start(d, waiting, forget);
        else this.#linger(d, waiting);
        break;
      case 'window':
        waiting.inputs.push(input);
        waiting.timer ??= setTimeout(() => this.#start(d, waiting, forget), this.#toTickMs(d));
    }
  }

  /** A source of a group is over, or has sent what it has for the groups that are kept here. */
  arriveFromSource(dependency: number, { lineage }: Message, inputs: readonly Input[]): void {
    const d = this.#routes.dependencies[dependency] as Group;
    const key = `${dependency}`;
    const waiting = this.#waiting(lineage.session, key);
    waiting.lineage = joinLineages(waiting.lineage, lineage);
    for (const input of inputs) waiting.inputs.push(input);
    const { [key]: sources, ...others } = Object.fromEntries(waiting.lineage.credits);
    if (sources === undefined || !isWhole(sources)) return;
    this.#forget(lineage.session, key);
    const groups = [...Map.groupBy(waiting.inputs as Input[], ({ group }) => group).values()];
    const lineages = splitLineage({ ...waiting.lineage, credits: new Map(Object.entries(others)) }, groups.length);
    for (const [at, group] of groups.entries()) this.#effects.start(d.to, group, lineages[at]!);
  }

  /** Frees what is kept for a session. */
  drop(session: string): void {
    for (const { timer } of this.#sessions.get(session)?.values() ?? []) clearTimeout(timer);
    this.#sessions.delete(session);
  }

  /** Frees everything. */
  close(): void {
    for (const session of this.#sessions.keys()) this.drop(session);
  }

  #arriveOfN(d: KOutOfN, waiting: Waiting, input: Input | undefined, forget: () => void): void {
    const isLast = waiting.arrived === d.n;
    if (input !== undefined && !waiting.hasStarted && waiting.inputs.push(input) === d.k) this.#start(d, waiting, () => {});
    else if (waiting.hasStarted || isLast) this.#giveBack(d, waiting, false);
    if (isLast) forget();
  }

  #arriveOfSet(d: Assemble, waiting: Waiting, input: Input, forget: () => void): void {
    waiting.inputs[d.from.indexOf(input.from)] ??= input;
    if (d.from.every((_, at) => waiting.inputs[at] !== undefined)) this.#start(d, waiting, forget);
    else this.#linger(d, waiting);
  }

  #start(d: Joining, waiting: Waiting, forget: () => void): void {
    clearTimeout(waiting.timer);
    forget();
    waiting.hasStarted = true;
    const { lineage } = waiting;
    waiting.lineage = emptyLineage(lineage.session);
    const opened = isAppScoped(d) ? joinLineages(this.#effects.openSession(d.to), lineage) : lineage;
    this.#effects.start(
      d.to,
      waiting.inputs.filter((input) => input !== undefined),
      opened,
    );
  }

  #giveBack(d: Joining, waiting: Waiting, isKept: boolean): void {
    const { lineage } = waiting;
    waiting.lineage = emptyLineage(lineage.session);
    this.#effects.giveBack(d.to, lineage, isKept);
  }

  #linger(d: Assemble | Batch, waiting: Waiting): void {
    if (waiting.timer !== undefined || waiting.lineage.credits.size === 0) return;
    waiting.timer = setTimeout(() => {
      delete waiting.timer;
      this.#giveBack(d, waiting, true);
    }, LINGER_MS);
  }

  /** Windows follow each other from the time on at which the workflow was deployed here. */
  #toTickMs({ everyMs }: Window): number {
    return everyMs - ((performance.now() - this.#startedMs) % everyMs);
  }

  #waiting(session: string, key: string): Waiting {
    const ofSession = this.#sessions.get(session) ?? new Map<string, Waiting>();
    this.#sessions.set(session, ofSession);
    const waiting = ofSession.get(key) ?? { inputs: [], lineage: emptyLineage(session), arrived: 0, hasStarted: false };
    ofSession.set(key, waiting);
    return waiting;
  }

  #forget(session: string, key: string): void {
    const ofSession = this.#sessions.get(session);
    ofSession?.delete(key);
    if (ofSession?.size === 0) this.#sessions.delete(session);
  }
}
