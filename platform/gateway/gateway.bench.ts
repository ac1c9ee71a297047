/**
 * Calls per second through the gateway, beside a bare fastify route that answers with its body. Worker, gateway and
 * bare route are processes of their own; the load comes from this one: closed loop, so many keep-alive connections
 * with one request each at a time, as clients and proxies do it; a second load pipelines, which few do. Rounds are
 * interleaved. `node bin/launch.js platform/gateway/gateway.bench.ts [ROUNDS]`
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import autocannon from 'autocannon';
import Table from 'cli-table3';
import { connectClient } from '../client/client.ts';
import { spawnRole } from '../launch/spawn.ts';

const ROUNDS = Number(process.argv[2] ?? 7);
const SECONDS = 2;
const LOADS = [
  { name: '64 connections', connections: 64, pipelining: 1 },
  { name: '8 connections, 8 requests pipelined on each', connections: 8, pipelining: 8 },
] as const;
const BODIES = new URL('../worker/testing/fault-bodies.ts', import.meta.url).href;
const INPUT = Buffer.from('12345678');

/** Requests per second that were answered well. */
async function rateOf(url: string, { connections, pipelining }: (typeof LOADS)[number], duration: number): Promise<number> {
  const {
    '2xx': good,
    non2xx,
    errors,
    duration: seconds,
  } = await autocannon({ url, method: 'POST', body: INPUT, connections, pipelining, duration });
  if (non2xx + errors > 0) throw new Error(`${url}: expected every answer to be good, got ${non2xx} that were not and ${errors} errors`);
  return good / seconds;
}

function medianOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const bare = fork(new URL('./testing/bare-entry.ts', import.meta.url), { execArgv: [] });
const [barePort] = (await once(bare, 'message')) as [number];
const worker = await spawnRole('worker', { executors: 2 });
const gateway = await spawnRole('gateway', { port: 0, upstreamPort: worker.port });
try {
  const client = await connectClient({ host: '127.0.0.1', port: worker.port });
  await client.register({
    name: 'bench',
    functions: [{ name: 'echo', module: BODIES, export: 'echo', sends: [] }],
    buckets: [],
    triggers: [],
  });
  await client.close();
  const targets = {
    bare: `http://127.0.0.1:${barePort}/echo`,
    gateway: `http://127.0.0.1:${gateway.port}/v1/apps/bench/functions/echo/calls`,
  };
  for (const url of Object.values(targets)) for (const load of LOADS) await rateOf(url, load, 1);
  const rates = LOADS.map(() => ({ bare: [] as number[], gateway: [] as number[] }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, load] of LOADS.entries()) {
      for (const name of ['bare', 'gateway'] as const) rates[i]?.[name].push(await rateOf(targets[name], load, SECONDS));
    }
  }
  const table = new Table({ head: ['load', 'bare route, 1/s', 'gateway, 1/s', 'ratio'], style: { head: [], border: [] } });
  for (const [i, { name }] of LOADS.entries()) {
    const [bareRate, gatewayRate] = [medianOf(rates[i]?.bare ?? []), medianOf(rates[i]?.gateway ?? [])];
    table.push([name, bareRate.toFixed(0), gatewayRate.toFixed(0), (gatewayRate / bareRate).toFixed(2)]);
  }
  console.log(`${table.toString()}\nmedians of ${ROUNDS} rounds`);
} finally {
  await gateway.stop();
  await worker.stop();
  bare.kill();
}
