/**
 * What the first calls of an app cost, on threads and in processes of its own, loaded at registration and on first
 * use. Every round registers a module that no thread has imported before. Prints a table; docs/performance.md says
 * how to read it. `node bin/launch.js platform/worker/node.cold.bench.ts [ROUNDS]`.
 */
import Table from 'cli-table3';
import { bootstrapMedian } from '../../harness/statistics/bootstrap.ts';
import { Random } from '../../harness/statistics/random.ts';
import { type Client, connectClient } from '../client/client.ts';
import type { AppDefinition } from '../core/app.ts';
import { spawnRole } from '../launch/spawn.ts';

const ROUNDS = Number(process.argv[2] ?? 15);
/** Calls after the first one, of which the median is taken. */
const WARM_CALLS = 10;
const INPUT = new Uint8Array(8);
const BODIES = new URL('./testing/bench-bodies.ts', import.meta.url).href;

const WAYS: readonly (readonly [name: string, more: Partial<AppDefinition>])[] = [
  ['threads, loaded at registration', {}],
  ['threads, loaded on first use', { warm: false }],
  ['processes, started at registration', { isolation: 'processes' }],
  ['processes, started on first use', { isolation: 'processes', warm: false }],
];

const samples = new Map<string, number[]>();

function add(measure: string, ms: number): void {
  const known = samples.get(measure);
  if (known === undefined) samples.set(measure, [ms]);
  else known.push(ms);
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await action();
  return performance.now() - startedMs;
}

async function measure(client: Client, way: string, more: Partial<AppDefinition>, round: number): Promise<void> {
  // A module of another URL is another module: it is read, stripped of its types, and run anew.
  const module = `${BODIES}?${encodeURIComponent(way)}-${round}`;
  const fn = { name: 'f', module, export: 'pass', config: { next: undefined } };
  const call = (): Promise<unknown> => client.call('cold', 'f', INPUT);
  add(`${way}: registration`, await timed(() => client.register({ name: 'cold', functions: [fn], buckets: [], triggers: [], ...more })));
  add(`${way}: first call`, await timed(call));
  for (let i = 0; i < WARM_CALLS; i++) add(`${way}: a later call`, await timed(call));
  await client.unregister('cold');
}

const worker = await spawnRole('worker', { executors: 1 });
const client = await connectClient({ host: '127.0.0.1', port: worker.port });
try {
  for (const [way, more] of WAYS) await measure(client, way, more, -1);
  samples.clear();
  for (let round = 0; round < ROUNDS; round++) for (const [way, more] of WAYS) await measure(client, way, more, round);
} finally {
  await client.close();
  await worker.stop();
}

const table = new Table({ head: ['measure', 'n', 'median', '95 % interval'], style: { head: [], border: [] } });
for (const [name, values] of samples) {
  const { value, low, high } = bootstrapMedian(values, { random: new Random(1) });
  table.push([name, values.length, `${value.toFixed(2)} ms`, `${low.toFixed(2)} to ${high.toFixed(2)} ms`]);
}
console.log(table.toString());
