/**
 * What each improvement of the paper brings (its improvement breakdown): the same chain of two over clusters where they
 * are switched on one after the other. `npm run bench:breakdown [-- ROUNDS]`; docs/performance.md says how to read it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';
import { bootstrapMedian } from '../../harness/statistics/bootstrap.ts';
import { Random } from '../../harness/statistics/random.ts';
import { type ClusterClient, connectCluster } from '../client/cluster.ts';
import type { AppDefinition } from '../core/app.ts';
import type { WorkerOptions } from '../worker/options.ts';
import { type LabelledCluster, labelledCluster } from './testing/labelled-cluster.ts';

const BODIES = new URL('../worker/testing/bench-bodies.ts', import.meta.url).href;
const ROUNDS = Number(process.argv[2] ?? 20);
const SIZES = [10, 1_000_000];
const INPUT = new Uint8Array(8);

interface Step {
  readonly name: string;
  readonly options: Partial<WorkerOptions>;
  /** Labels that the two functions require of their nodes. */
  readonly requires: readonly [string, string];
}

const NONE = { twoTier: false, sharedMemory: false, directTransfer: false, piggybackBytes: 0 } as const;
const HERE = ['one', 'one'] as const;
const AWAY = ['one', 'two'] as const;
const STEPS: readonly Step[] = [
  { name: 'one node: baseline', options: NONE, requires: HERE },
  { name: 'one node: + two-tier scheduling', options: { ...NONE, twoTier: true }, requires: HERE },
  { name: 'one node: + shared memory', options: { ...NONE, twoTier: true, sharedMemory: true }, requires: HERE },
  { name: 'two nodes: baseline', options: { ...NONE, twoTier: true, sharedMemory: true }, requires: AWAY },
  { name: 'two nodes: + direct transfer', options: { piggybackBytes: 0 }, requires: AWAY },
  { name: 'two nodes: + piggybacking', options: {}, requires: AWAY },
];

function chain(size: number, [first, second]: Step['requires']): AppDefinition {
  return {
    name: `chain-${size}`,
    functions: [
      { name: 'f0', module: BODIES, export: 'fill', config: { size, workBytes: size }, sends: ['filled'], requires: [first] },
      { name: 'read', module: BODIES, export: 'read', config: {}, sends: [], requires: [second] },
    ],
    buckets: [{ name: 'filled' }],
    triggers: [{ name: 'read', bucket: 'filled', target: 'read', primitive: 'immediate' }],
  };
}

interface Stage {
  readonly name: string;
  readonly cluster: LabelledCluster;
  readonly client: ClusterClient;
  /** Hand-over times by size, in nanoseconds. */
  readonly samples: Map<number, number[]>;
}

async function stageOf({ name, options, requires }: Step, store: string): Promise<Stage> {
  const worker = { executors: 1, arenaBytes: 2 ** 28, ...options };
  const cluster = await labelledCluster(['one', 'two'], worker, { store: { kind: 'disk', path: store } });
  const client = await connectCluster({ manager: cluster.manager });
  for (const size of SIZES) await client.register(chain(size, requires));
  return { name, cluster, client, samples: new Map(SIZES.map((size) => [size, []])) };
}

async function measure({ client, samples }: Stage, size: number, isCounted: boolean): Promise<void> {
  const { outputs } = await client.call(`chain-${size}`, 'f0', INPUT);
  const [handOver = 0, , , sum] = new Float64Array(Uint8Array.from(outputs[0]?.bytes ?? []).buffer);
  if (sum !== 3 * size) throw new Error(`expected the sum ${3 * size}, got ${sum}`);
  if (isCounted) samples.get(size)?.push(handOver);
}

const store = await mkdtemp(join(tmpdir(), 'pheromone-'));
const stages: Stage[] = [];
try {
  for (const step of STEPS) stages.push(await stageOf(step, store));
  for (let round = -3; round < ROUNDS; round++) {
    for (const stage of stages) for (const size of SIZES) await measure(stage, size, round >= 0);
  }
  const table = new Table({ head: ['', ...SIZES.map((size) => `${size} B: median (95 % interval)`)], style: { head: [], border: [] } });
  for (const { name, samples } of stages) table.push([name, ...SIZES.map((size) => text(samples.get(size) ?? []))]);
  console.log(table.toString());
} finally {
  for (const { client, cluster } of stages) await client.close().finally(() => cluster.stop());
  await rm(store, { recursive: true });
}

function text(values: readonly number[]): string {
  const { value, low, high } = bootstrapMedian([...values], { random: new Random(1) });
  return `${us(value)} (${us(low)} to ${us(high)})`;
}

function us(ns: number): string {
  return `${(ns / 1e3).toPrecision(3)} us`;
}
