/** One round of the soak: load, one fault at a random moment, and a look at what is left. */
import { setTimeout as pause } from 'node:timers/promises';
import { type ClusterClient, connectCluster } from '../client/cluster.ts';
import { type ErrorCode, PheromoneError, toPheromoneError } from '../core/errors.ts';
import type { Member } from '../core/membership.ts';
import type { Role } from '../launch/start-role.ts';
import { joinCluster, type Membership } from '../member/membership.ts';
import { type Chance, drawFault, type Effects, effectsOf, type Fault, type FaultRole } from './faults.ts';
import { EVENTS, EXITS, HANG_CODE, HANGS, WORKS, type Work } from './load.ts';
import { DETECTION, holdsWithin, type SoakCluster } from './soak-cluster.ts';

/** Load before the fault at least, and at most; and after it is over. */
const CALM_MIN_MS = 100;
const CALM_MAX_MS = 700;
const AFTER_MS = 400;
/** Between two calls of a caller, so that two cores are not all that is tried. */
const BREATH_MS = 5;
/** What takes so long hangs. Far beyond every bound of the platform, as machines may be busy with other things. */
const HANG_MS = 60_000;
/** How long the cluster may take to be as it was. */
const SETTLE_MS = 30_000;
const RETRIES = 8;
/** A machine on which a process waits so long for its turn decides by itself who is taken for lost. */
const STALL_MS = DETECTION.silenceMs / 2;
const TICK_MS = 100;

export interface RoundReport {
  readonly fault: string;
  readonly calls: number;
  /** Calls that came to the right result. */
  readonly right: number;
  /** Of those, the ones that were hit and came to it when they were asked for again. */
  readonly retried: number;
  /** Calls whose client does not try again, by the code that they failed with. */
  readonly failed: Readonly<Partial<Record<ErrorCode, number>>>;
  readonly events: number;
  readonly lostEvents: number;
  readonly repeatedEvents: number;
  /** Members that were lost though the fault was not theirs: so busy was the machine. What comes of that is no violation. */
  readonly disturbed: number;
  /** Whether the machine let this process stand still for so long that the round says nothing: then nothing counts as a violation. */
  readonly isVoid: boolean;
  /** Calls without an end within {@link HANG_MS}. */
  readonly hangs: number;
  /** Sessions, memory and executors that did not come back. */
  readonly leaks: number;
  /** Everything that should not be, in words. */
  readonly violations: readonly string[];
}

/** Plays a round on a cluster that {@link prepare} has prepared. */
export async function playRound(cluster: SoakCluster, role: FaultRole, chance: Chance): Promise<RoundReport> {
  const round = new Round(cluster, role, chance);
  try {
    return await round.play();
  } finally {
    await round.close();
  }
}

/** Registers the apps of the soak. */
export async function prepare(cluster: SoakCluster): Promise<void> {
  const client = await connectCluster({ manager: cluster.manager, retries: RETRIES });
  try {
    for (const { app } of [...WORKS, EXITS, HANGS, EVENTS]) await client.register(app);
  } finally {
    await client.close();
  }
}

/** Notices how long this process had no turn. */
class StallWatch {
  longestMs = 0;
  #lastMs = performance.now();
  readonly #timer = setInterval(() => {
    const nowMs = performance.now();
    this.longestMs = Math.max(this.longestMs, nowMs - this.#lastMs - TICK_MS);
    this.#lastMs = nowMs;
  }, TICK_MS);

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** A call that failed, or an event without a call. */
interface Failure {
  readonly work: Work | undefined;
  readonly call: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/** Made by {@link playRound}. */
class Round {
  static #lastCall = 0;
  readonly #cluster: SoakCluster;
  readonly #role: FaultRole;
  readonly #chance: Chance;
  readonly #clients: ClusterClient[] = [];
  readonly #violations: string[] = [];
  readonly #failed: Partial<Record<ErrorCode, number>> = {};
  /** How often each accepted event came in a firing. */
  readonly #events = new Map<string, number>();
  readonly #failures: Failure[] = [];
  /** The members of the last view, and those that were lost. */
  readonly #members = new Map<string, Member>();
  readonly #lost = new Map<string, Role>();
  #watch: Membership | undefined;
  readonly #stall = new StallWatch();
  #calls = 0;
  #right = 0;
  #retried = 0;
  #hangs = 0;
  #leaks = 0;
  #isOver = false;

  constructor(cluster: SoakCluster, role: FaultRole, chance: Chance) {
    this.#cluster = cluster;
    this.#role = role;
    this.#chance = chance;
  }

  async play(): Promise<RoundReport> {
    const fault = this.#role === 'executor' ? this.#executorFault() : drawFault(this.#role, this.#cluster, this.#chance);
    const onView = ({ members }: { readonly members: readonly Member[] }): void => this.#see(members);
    this.#watch = await joinCluster({ manager: this.#cluster.manager, onView });
    const [plain, patient] = [await this.#connect(0), await this.#connect(RETRIES)];
    const subscription = await patient.subscribe(EVENTS.app.name, { onOutput: ({ outputs }) => this.#onFiring(outputs[0]?.bytes) });
    const callers = WORKS.flatMap((work) => [this.#keepCalling(plain, work), this.#keepCalling(patient, work)]);
    const feeder = this.#keepFeeding(plain);
    await pause(CALM_MIN_MS + this.#chance() * (CALM_MAX_MS - CALM_MIN_MS));
    await fault.inflict(this.#cluster);
    await pause(AFTER_MS);
    this.#isOver = true;
    await Promise.all([...callers, feeder]);
    const effects = this.#effectsOf(fault);
    for (const work of this.#judge(effects)) this.#retried += (await this.#call(patient, work)) ? 1 : 0;
    const [lostEvents, repeatedEvents] = await this.#settleEvents(patient, effects);
    await subscription.close();
    await this.#expectCalm();
    for (const work of WORKS) await this.#call(patient, work);
    this.#judge(effectsOf([]));
    const disturbed = [...this.#lost.keys()].filter((name) => name !== fault.target?.name).length;
    const isVoid = this.#stall.longestMs > STALL_MS;
    const died = this.#cluster.died.splice(0).map((who) => `process ended: ${who}`);
    return {
      ...{ fault: fault.name, calls: this.#calls, right: this.#right, retried: this.#retried, failed: this.#failed },
      ...{ events: this.#events.size, lostEvents, repeatedEvents, disturbed, isVoid, hangs: this.#hangs, leaks: this.#leaks },
      violations: isVoid ? [] : [...this.#violations, ...died],
    };
  }

  async close(): Promise<void> {
    this.#isOver = true;
    this.#watch?.close();
    this.#stall.stop();
    for (const client of this.#clients) await client.close();
  }

  async #connect(retries: number): Promise<ClusterClient> {
    const client = await connectCluster({ manager: this.#cluster.manager, retries });
    this.#clients.push(client);
    return client;
  }

  /** Calls of functions that do away with their executor. */
  #executorFault(): Fault {
    const times = 1 + Math.floor(this.#chance() * 2);
    const isExit = this.#chance() < 0.5;
    return {
      name: `${times} x a function that ${isExit ? 'ends its thread' : 'hangs'}`,
      target: undefined,
      inflict: async () => {
        const client = this.#clients[0]!;
        if (isExit) await Promise.all(Array.from({ length: times }, () => this.#call(client, EXITS)));
        else await Promise.all(Array.from({ length: times }, () => this.#callHanging(client)));
      },
    };
  }

  async #callHanging(client: ClusterClient): Promise<void> {
    const code = await client.call(HANGS.app.name, HANGS.fn, Buffer.from('hang'), { deadlineMs: HANG_MS }).then(
      () => 'a result',
      (error: unknown) => toPheromoneError(error).code,
    );
    if (code !== HANG_CODE) this.#violations.push(`a function that hangs: expected ${HANG_CODE}, got ${code}`);
  }

  #see(members: readonly Member[]): void {
    for (const [name, { role, incarnation }] of this.#members) {
      if (!members.some((member) => member.name === name && member.incarnation === incarnation)) this.#lost.set(name, role);
    }
    this.#members.clear();
    for (const member of members) this.#members.set(member.name, member);
  }

  #effectsOf({ target }: Fault): Effects {
    return effectsOf([...this.#lost.values(), ...(target === undefined ? [] : [target.role])]);
  }

  /** Tells failures that may be from violations. Returns what the calls among them are to be asked for again. */
  #judge({ allowed }: Effects): Work[] {
    const failures = this.#failures.splice(0);
    for (const { call, code, message } of failures) {
      if (!allowed.includes(code)) this.#violations.push(`${call}: ${code}: ${message}`);
    }
    const hit = failures.filter(({ work, code }) => work !== undefined && allowed.includes(code));
    for (const { code } of hit) this.#failed[code] = (this.#failed[code] ?? 0) + 1;
    return hit.map(({ work }) => work!);
  }

  async #keepCalling(client: ClusterClient, work: Work): Promise<void> {
    while (!this.#isOver) {
      await this.#call(client, work);
      await pause(BREATH_MS);
    }
  }

  /** Makes a call and looks at what it comes to; tells whether that was right. */
  async #call(client: ClusterClient, work: Work): Promise<boolean> {
    const { app, fn, answer, isRight } = work;
    Round.#lastCall += 1;
    const call = `${app.name}-${Round.#lastCall}`;
    this.#calls += 1;
    try {
      const { outputs } = await inTime(client.call(app.name, fn, Buffer.from(call), { answer, deadlineMs: HANG_MS }));
      const texts = outputs.map(({ bytes }) => Buffer.from(bytes).toString()).sort();
      if (isRight(call, texts)) {
        this.#right += 1;
        return true;
      }
      this.#violations.push(`${call}: wrong result: ${texts.join(' | ').slice(0, 400)}`);
    } catch (error) {
      const { code, message } = toPheromoneError(error);
      if (code === 'DEADLINE_EXCEEDED') this.#hangs += 1;
      this.#failures.push({ work, call, code, message });
    }
    return false;
  }

  async #keepFeeding(client: ClusterClient): Promise<void> {
    while (!this.#isOver) {
      await this.#feed(client);
      await pause(2 * BREATH_MS);
    }
  }

  async #feed(client: ClusterClient): Promise<void> {
    Round.#lastCall += 1;
    const event = `event-${Round.#lastCall}`;
    try {
      await inTime(client.feed(EVENTS.app.name, EVENTS.fn, Buffer.from(event), { deadlineMs: HANG_MS }));
      this.#events.set(event, this.#events.get(event) ?? 0);
    } catch (error) {
      const { code, message } = toPheromoneError(error);
      this.#events.delete(event);
      if (code === 'DEADLINE_EXCEEDED') this.#hangs += 1;
      this.#failures.push({ work: undefined, call: event, code, message });
    }
  }

  #onFiring(bytes: Uint8Array | undefined): void {
    for (const event of Buffer.from(bytes ?? [])
      .toString()
      .split(' '))
      this.#events.set(event, (this.#events.get(event) ?? 0) + 1);
  }

  /** Fills up the last batch. Returns how many events were lost, and how many came more than once. */
  async #settleEvents(client: ClusterClient, { losesEvents, repeatsEvents }: Effects): Promise<[number, number]> {
    const fed = [...this.#events.keys()];
    const lost = (): string[] => fed.filter((event) => this.#events.get(event) === 0);
    const areThere = async (): Promise<boolean> => lost().length === 0;
    for (let filler = 0; filler < EVENTS.batch - 1 && !(await areThere()); filler++) {
      await this.#feed(client);
      await holdsWithin(200, areThere);
    }
    if (!losesEvents && !(await holdsWithin(SETTLE_MS, areThere))) this.#violations.push(`events lost: ${lost().join(' ')}`);
    const repeated = fed.filter((event) => this.#events.get(event)! > 1);
    if (repeated.length > 0 && !repeatsEvents) this.#violations.push(`events twice: ${repeated.join(' ')}`);
    return [lost().length, repeated.length];
  }

  /** Waits until no worker holds anything of any session, and all executors are idle. */
  async #expectCalm(): Promise<void> {
    for (const worker of this.#cluster.of('worker')) {
      let seen = '';
      const isCalm = await holdsWithin(SETTLE_MS, async () => {
        const { sessions, memory, executors } = await this.#cluster.status(worker);
        const states = executors.map(({ state }) => state).join(',');
        seen = `${sessions} sessions, ${memory.usedBytes} bytes, executors ${states}`;
        return sessions === 0 && memory.usedBytes === 0 && executors.length === 2 && executors.every(({ state }) => state === 'idle');
      });
      if (isCalm) continue;
      this.#leaks += 1;
      this.#violations.push(`${worker.name}: expected nothing left, got ${seen}`);
    }
  }
}

/** Rejects with `DEADLINE_EXCEEDED` where not even the deadline of a call ends it. */
async function inTime<T>(promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new PheromoneError('DEADLINE_EXCEEDED', 'expected an end, got none')), 1.5 * HANG_MS);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
