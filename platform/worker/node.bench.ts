/**
 * What a worker node costs, each measure beside its own floor, taken in the same interleaved rounds. Prints a
 * table; docs/performance.md says how to read it. `npm run bench [-- ROUNDS]`.
 */
import Table from 'cli-table3';
import { openFloors } from '../../harness/floors/floors.ts';
import { memoryBytes, processorNs } from '../../harness/run/processes.ts';
import { bootstrapMedian } from '../../harness/statistics/bootstrap.ts';
import { Random } from '../../harness/statistics/random.ts';
import { type Client, connectClient } from '../client/client.ts';
import type { AppDefinition } from '../core/app.ts';
import { hostNowNs } from '../executor/clock.ts';
import { spawnRole } from '../launch/spawn.ts';

const BODIES = new URL('./testing/bench-bodies.ts', import.meta.url).href;
const ROUNDS = Number(process.argv[2] ?? 40);
/** Of so many relays the second half is measured: by then a thread that was parked at the call is awake. */
const RELAYS = 64;
/** Calls in a row of the short measures: the first ones find caches that the measure before has filled. */
const BURST = 5;
const LARGE_BYTES = 100_000_000;
const IN_FLIGHT = 64;
const CALLS = 5_000;
const IDLE_MS = 2_000;
/** Compiling and collecting garbage goes on for a while after the start. */
const SETTLE_MS = 3_000;

const samples = new Map<string, number[]>();
const INPUT = new Uint8Array(8);

function add(measure: string, ...ns: number[]): void {
  const known = samples.get(measure);
  if (known === undefined) samples.set(measure, ns);
  else known.push(...ns);
}

function doubles(bytes: Uint8Array | undefined): Float64Array {
  return new Float64Array(Uint8Array.from(bytes ?? []).buffer);
}

/** A chain of `length` functions of one kind. */
function chainApp(name: string, body: string, length: number, more: Partial<AppDefinition> & { restMs?: number } = {}): AppDefinition {
  const { restMs = 0, ...app } = more;
  const at = (position: number): string => `f${position}`;
  return {
    name,
    functions: Array.from({ length }, (_, position) => {
      const next = position + 1 < length ? at(position + 1) : undefined;
      return {
        name: at(position),
        module: BODIES,
        export: body,
        config: { position, next, restMs },
        sends: next === undefined ? [] : [next],
      };
    }),
    buckets: Array.from({ length: length - 1 }, (_, position) => ({ name: at(position + 1) })),
    triggers: Array.from({ length: length - 1 }, (_, position) => ({
      name: at(position + 1),
      bucket: at(position + 1),
      target: at(position + 1),
      primitive: 'immediate' as const,
    })),
    ...app,
  };
}

function fanApp(name: string, width: number, sleepMs = 0): AppDefinition {
  return {
    name,
    functions: [
      { name: 'f0', module: BODIES, export: 'split', config: { width }, sends: ['branches'] },
      { name: 'branch', module: BODIES, export: 'branch', config: { sleepMs }, sends: ['done'], concurrency: sleepMs > 0 ? width : 1 },
      { name: 'join', module: BODIES, export: 'count', config: {}, sends: [] },
    ],
    buckets: [{ name: 'branches' }, { name: 'done' }],
    triggers: [
      { name: 'start', bucket: 'branches', target: 'branch', primitive: 'immediate' },
      { name: 'join', bucket: 'done', target: 'join', primitive: 'by-set', keys: Array.from({ length: width }, (_, i) => `${i}`) },
    ],
  };
}

function payloadApp(name: string, size: number): AppDefinition {
  return {
    name,
    functions: [
      { name: 'f0', module: BODIES, export: 'fill', config: { size, workBytes: LARGE_BYTES }, sends: ['filled'] },
      { name: 'read', module: BODIES, export: 'read', config: {}, sends: [] },
    ],
    buckets: [{ name: 'filled' }],
    triggers: [{ name: 'read', bucket: 'filled', target: 'read', primitive: 'immediate' }],
  };
}

const apps: readonly AppDefinition[] = [
  chainApp('hop inline', 'relay', RELAYS),
  chainApp('hop to a spinning executor', 'relay', RELAYS, { inline: false }),
  chainApp('hop to a parked executor', 'relay', 2, { inline: false, restMs: 1 }),
  chainApp('chain of 1,000, inline', 'pass', 1_000),
  chainApp('chain of 1,000, never inline', 'pass', 1_000, { inline: false }),
  chainApp('call', 'pass', 1),
  fanApp('fan-out of 256 and join', 256),
  fanApp('fan-out of 4,000 and join', 4_000),
  fanApp('4,000 functions that sleep 1 s, and join', 4_000, 1_000),
  payloadApp('100 MB', LARGE_BYTES),
  payloadApp('10 B of 100 MB', 10),
];

async function measureHops(client: Client, app: string, from: number): Promise<void> {
  for (let i = 0; i < BURST; i++) {
    const { outputs } = await client.call(app, 'f0', INPUT);
    add(app, ...doubles(outputs[0]?.bytes).slice(from));
  }
}

/** From the first body's start to the last one's end. */
async function measureInside(client: Client, app: string, width?: number): Promise<void> {
  const { outputs, spans } = await client.call(app, 'f0', INPUT, { trace: true });
  if (width !== undefined && doubles(outputs[0]?.bytes)[0] !== width) throw new Error(`${app}: expected ${width} inputs at the join`);
  const first = spans.reduce((least, { startedNs }) => Math.min(least, startedNs), Number.POSITIVE_INFINITY);
  add(app, spans.reduce((most, { endedNs }) => Math.max(most, endedNs), 0) - first);
}

async function measurePayload(client: Client, app: string, size: number): Promise<void> {
  for (let i = 0; i < BURST; i++) {
    const { outputs } = await client.call(app, 'f0', INPUT);
    const [handOver = 0, all = 0, floor = 0, sum] = doubles(outputs[0]?.bytes);
    if (sum !== 3 * size) throw new Error(`${app}: expected the sum ${3 * size}, got ${sum}`);
    add(`${app}: hand-over`, handOver);
    add(`${app}: create, fill, send, read`, all);
    add(`${app}: fill and read in one thread`, floor);
  }
}

async function measureCall(client: Client): Promise<void> {
  for (let i = 0; i < BURST; i++) {
    const calledNs = hostNowNs();
    const { spans } = await client.call('call', 'f0', INPUT, { trace: true });
    const [span] = spans;
    add('call to result, less the body', hostNowNs() - calledNs - ((span?.endedNs ?? 0) - (span?.startedNs ?? 0)));
  }
}

async function measureThroughput(client: Client): Promise<void> {
  const startedNs = hostNowNs();
  let left = CALLS;
  const caller = async (): Promise<void> => {
    while (left-- > 0) await client.call('call', 'f0', INPUT);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, caller));
  add(`one of ${IN_FLIGHT} calls in flight`, (hostNowNs() - startedNs) / CALLS);
}

async function measureIdle(pid: number): Promise<{ cpu: number; memory: number }> {
  const beforeNs = processorNs(pid);
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  return { cpu: (processorNs(pid) - beforeNs) / (IDLE_MS * 1e6), memory: memoryBytes(pid) };
}

const worker = await spawnRole('worker', { executors: 2 });
const client = await connectClient({ host: '127.0.0.1', port: worker.port });
const floors = await openFloors([LARGE_BYTES]);
try {
  for (const app of apps) await client.register(app);
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const idle = await measureIdle(worker.pid);
  const measures: readonly (() => Promise<void>)[] = [
    () => measureHops(client, 'hop inline', RELAYS / 2),
    () => measureHops(client, 'hop to a spinning executor', RELAYS / 2),
    () => measureHops(client, 'hop to a parked executor', 1),
    () => measureInside(client, 'chain of 1,000, inline'),
    () => measureInside(client, 'chain of 1,000, never inline'),
    () => measureInside(client, 'fan-out of 256 and join', 256),
    () => measureInside(client, 'fan-out of 4,000 and join', 4_000),
    () => measureCall(client),
    () => measureThroughput(client),
    () => measurePayload(client, '100 MB', LARGE_BYTES),
    () => measurePayload(client, '10 B of 100 MB', 10),
    ...floors.floors.map((floor) => async () => add(floor.name, await floor.sample())),
  ];
  for (const measure of measures) for (let i = 0; i < 5; i++) await measure();
  samples.clear();
  for (let round = 0; round < ROUNDS; round++) for (const measure of measures) await measure();
  for (let i = 0; i < 3; i++) await measureInside(client, '4,000 functions that sleep 1 s, and join', 4_000);
  print(idle);
} finally {
  await client.close();
  await Promise.all([worker.stop(), floors.close()]);
}

/** Which floor stands beside which measure. */
function floorOf(measure: string): string | undefined {
  if (measure === 'hop inline') return 'call';
  if (measure.startsWith('hop to a')) return measure.includes('parked') ? 'mailbox-parked' : 'mailbox-spinning';
  if (measure.startsWith('call to') || measure.startsWith('one of')) return 'tcp-round-trip';
  const [size] = measure.split(':');
  return measure.endsWith('send, read') ? `${size}: fill and read in one thread` : undefined;
}

function print({ cpu, memory }: { cpu: number; memory: number }): void {
  const table = new Table({ head: ['measure', 'n', 'median', '95 % interval', 'times its floor'], style: { head: [], border: [] } });
  for (const [measure, values] of samples) {
    const { value, low, high } = bootstrapMedian(values, { random: new Random(1) });
    const floor = samples.get(floorOf(measure) ?? '');
    const ratio =
      floor === undefined
        ? ''
        : `${(value / bootstrapMedian(floor, { random: new Random(1) }).value).toPrecision(3)} (${floorOf(measure)})`;
    table.push([measure, values.length, humane(value), `${humane(low)} to ${humane(high)}`, ratio]);
  }
  console.log(table.toString());
  const perSecond = 1e9 / bootstrapMedian(samples.get(`one of ${IN_FLIGHT} calls in flight`) ?? [], { random: new Random(1) }).value;
  console.log(`calls per second, ${IN_FLIGHT} in flight: ${Math.round(perSecond)}`);
  console.log(`idle: ${(cpu * 100).toFixed(2)} % of a core, ${(memory / 1e6).toFixed(0)} MB (PSS) with ${apps.length} apps registered`);
}

function humane(ns: number): string {
  if (ns < 1e3) return `${ns.toFixed(0)} ns`;
  if (ns < 1e6) return `${(ns / 1e3).toPrecision(3)} us`;
  return ns < 1e9 ? `${(ns / 1e6).toPrecision(3)} ms` : `${(ns / 1e9).toPrecision(4)} s`;
}
