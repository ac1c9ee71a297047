/**
 * What it costs to go to another node, each measure beside its own floor, taken in the same interleaved rounds.
 * `npm run bench:cluster [-- ROUNDS]`; docs/performance.md says how to read it.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import { openFloors } from '../../harness/floors/floors.ts';
import { memoryBytes, processorNs } from '../../harness/run/processes.ts';
import { bootstrapMedian } from '../../harness/statistics/bootstrap.ts';
import { Random } from '../../harness/statistics/random.ts';
import { connectCluster } from '../client/cluster.ts';
import type { PheromoneClient } from '../client/pheromone-client.ts';
import type { AppDefinition } from '../core/app.ts';
import { hostNowNs } from '../executor/clock.ts';
import { labelledCluster } from './testing/labelled-cluster.ts';

const BODIES = new URL('../worker/testing/bench-bodies.ts', import.meta.url).href;
const ROUNDS = Number(process.argv[2] ?? 20);
const RELAYS = 64;
/** Calls in a row of the short measures. The first half is not counted: it finds caches that 100 MB have gone through. */
const BURST = 20;
const LARGE_BYTES = 100_000_000;
const IDLE_MS = 5_000;
const INPUT = new Uint8Array(8);
const HOST = '127.0.0.1';

const samples = new Map<string, number[]>();

function add(measure: string, ...ns: number[]): void {
  const known = samples.get(measure);
  if (known === undefined) samples.set(measure, ns);
  else known.push(...ns);
}

/** Relays that run on two nodes in turn. */
function hops(): AppDefinition {
  const positions = Array.from({ length: RELAYS }, (_, position) => position);
  return {
    name: 'hops',
    functions: positions.map((position) => {
      const next = position + 1 < RELAYS ? `f${position + 1}` : undefined;
      return {
        ...{ name: `f${position}`, module: BODIES, export: 'relay', config: { position, next, restMs: 0 } },
        ...{ sends: next === undefined ? [] : [next], requires: [position % 2 === 0 ? 'a' : 'b'] },
      };
    }),
    buckets: positions.slice(1).map((position) => ({ name: `f${position}` })),
    triggers: positions.slice(1).map((position) => ({
      ...{ name: `f${position}`, bucket: `f${position}`, target: `f${position}`, primitive: 'immediate' as const },
    })),
  };
}

function payload(size: number): AppDefinition {
  return {
    name: `payload-${size}`,
    functions: [
      { name: 'f0', module: BODIES, export: 'fill', config: { size, workBytes: size }, sends: ['filled'], requires: ['a'] },
      { name: 'read', module: BODIES, export: 'read', config: {}, sends: [], requires: ['b'] },
    ],
    buckets: [{ name: 'filled' }],
    triggers: [{ name: 'read', bucket: 'filled', target: 'read', primitive: 'immediate' }],
  };
}

function doubles(bytes: Uint8Array | undefined): Float64Array {
  return new Float64Array(Uint8Array.from(bytes ?? []).buffer);
}

async function measureHops(client: PheromoneClient): Promise<void> {
  for (let i = 0; i < BURST; i++) {
    const { outputs } = await client.call('hops', 'f0', INPUT);
    if (i >= BURST / 2) add('hop to another node', ...doubles(outputs[0]?.bytes).slice(RELAYS / 2));
  }
}

async function measurePayload(client: PheromoneClient): Promise<void> {
  const { outputs } = await client.call(`payload-${LARGE_BYTES}`, 'f0', INPUT);
  const [handOver = 0, , , sum] = doubles(outputs[0]?.bytes);
  if (sum !== 3 * LARGE_BYTES) throw new Error(`expected the sum ${3 * LARGE_BYTES}, got ${sum}`);
  add('100 MB to another node', handOver);
}

async function measureBulk(socket: Socket): Promise<void> {
  const request = Buffer.alloc(4);
  request.writeUInt32LE(LARGE_BYTES);
  const startedNs = hostNowNs();
  socket.write(request);
  await new Promise<void>((resolve) => {
    let left = LARGE_BYTES;
    const take = (chunk: Buffer): void => {
      left -= chunk.length;
      if (left > 0) return;
      socket.off('data', take);
      resolve();
    };
    socket.on('data', take);
  });
  add('100 MB over bare TCP', hostNowNs() - startedNs);
}

async function measureCall(client: PheromoneClient): Promise<void> {
  for (let i = 0; i < BURST; i++) {
    const startedNs = hostNowNs();
    await client.call('call', 'f0', INPUT);
    if (i >= BURST / 2) add('call through a coordinator', hostNowNs() - startedNs);
  }
}

const cluster = await labelledCluster(['a', 'b', 'c'], { executors: 2, arenaBytes: 2 ** 30 });
const { roles, workers } = cluster;
const sender = fork(fileURLToPath(new URL('./testing/bulk-sender-entry.ts', import.meta.url)), { execArgv: [] });
const [{ port: bulkPort }] = (await once(sender, 'message')) as [{ port: number }];
const bulk = connect(bulkPort, HOST);
const floors = await openFloors([]);
const client = await connectCluster({ manager: cluster.manager });
try {
  const call: AppDefinition = {
    ...{ name: 'call', buckets: [], triggers: [] },
    functions: [{ name: 'f0', module: BODIES, export: 'pass', config: {}, requires: ['a'] }],
  };
  for (const app of [hops(), payload(LARGE_BYTES), call]) await client.register(app);
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  const beforeNs = roles.reduce((sum, { pid }) => sum + processorNs(pid), 0);
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  const idle = (roles.reduce((sum, { pid }) => sum + processorNs(pid), 0) - beforeNs) / (IDLE_MS * 1e6);
  const memory = roles.reduce((sum, { pid }) => sum + memoryBytes(pid), 0);
  const measures = [
    () => measureHops(client),
    () => measurePayload(client),
    () => measureBulk(bulk),
    () => measureCall(client),
    ...floors.floors.filter(({ name }) => name === 'tcp-round-trip').map((floor) => async () => add(floor.name, await floor.sample())),
  ];
  for (const measure of measures) for (let i = 0; i < 5; i++) await measure();
  samples.clear();
  for (let round = 0; round < ROUNDS; round++) for (const measure of measures) await measure();
  print(idle, memory);
} finally {
  await client.close();
  bulk.destroy();
  sender.disconnect();
  await floors.close();
  await cluster.stop();
}

function print(idle: number, memory: number): void {
  const table = new Table({ head: ['measure', 'n', 'median', '95 % interval'], style: { head: [], border: [] } });
  const medianOf = (measure: string) => bootstrapMedian(samples.get(measure) ?? [], { random: new Random(1) });
  for (const [measure, values] of samples) {
    const { value, low, high } = medianOf(measure);
    table.push([measure, values.length, us(value), `${us(low)} to ${us(high)}`]);
  }
  console.log(table.toString());
  const oneWay = medianOf('tcp-round-trip').value / 2;
  console.log(`hop to another node: ${(medianOf('hop to another node').value / oneWay).toFixed(2)} times one way over loopback TCP`);
  const share = medianOf('100 MB over bare TCP').value / medianOf('100 MB to another node').value;
  console.log(`100 MB to another node: ${(share * 100).toFixed(0)} % of the speed of bare TCP`);
  console.log(
    `idle: manager, coordinator and ${workers.length} workers: ${(idle * 100).toFixed(2)} % of a core, ${(memory / 1e6).toFixed(0)} MB (PSS)`,
  );
}

function us(ns: number): string {
  return ns < 1e6 ? `${(ns / 1e3).toPrecision(3)} us` : `${(ns / 1e6).toPrecision(4)} ms`;
}
