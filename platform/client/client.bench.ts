/**
 * What client and wire cost without a platform behind them: calls per second and round trips to a node that
 * answers at once, on a thread of its own, beside bare bytes over the same kind of socket.
 * `node bin/launch.js platform/client/client.bench.ts`
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { NODE_SIDE } from '../wire/client-protocol.ts';
import { listen } from '../wire/greeting.ts';
import { type Client, connectClient } from './client.ts';

const HOST = '127.0.0.1';
const ROUNDS = 5;
const CALLS = 50_000;
const ROUND_TRIPS = 3_000;

interface Ports {
  readonly node: number;
  readonly bare: number;
}

/** The other side: a node that answers each call with its input, and a socket that sends back what it gets. */
async function serve(): Promise<Ports> {
  const { port } = await listen({
    host: HOST,
    port: 0,
    self: { role: 'worker', name: 'echo' },
    accept(_, speak) {
      const connection = speak(NODE_SIDE);
      connection.onMessage((message, payload) => {
        if (message.type !== 'call') return;
        const outputs = [{ source: message.fn, key: '', group: '', size: payload.length }];
        connection.send({ type: 'result', id: message.id, outputs, spans: [] }, payload);
      });
    },
  });
  const bare = createServer((socket) => socket.setNoDelay(true).pipe(socket)).listen(0, HOST);
  await once(bare, 'listening');
  return { node: port, bare: (bare.address() as AddressInfo).port };
}

/** Keeps `inFlight` calls under way until `CALLS` are answered; gives calls per second. */
async function callsPerSecond(client: Client, inFlight: number): Promise<number> {
  const input = new Uint8Array(8);
  let left = CALLS;
  const caller = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await client.call('bench', 'increment', input, { deadlineMs: 30_000 });
    }
  };
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: inFlight }, caller));
  return (CALLS / (performance.now() - startedMs)) * 1_000;
}

async function medianUs(roundTrip: () => Promise<unknown>): Promise<number> {
  const samples: number[] = [];
  for (let i = 0; i < ROUND_TRIPS; i++) {
    const startedMs = performance.now();
    await roundTrip();
    samples.push(performance.now() - startedMs);
  }
  return samples.sort((a, b) => a - b)[ROUND_TRIPS / 2]! * 1_000;
}

async function bench({ node, bare }: Ports): Promise<void> {
  const client = await connectClient({ host: HOST, port: node });
  const socket = connect(bare, HOST).setNoDelay(true);
  await once(socket, 'connect');
  const small = new Uint8Array(8);
  const large = new Uint8Array(100_000_000);
  for (let round = 0; round < ROUNDS; round++) {
    const bareUs = await medianUs(() => {
      socket.write(small);
      return once(socket, 'data');
    });
    const callUs = await medianUs(() => client.call('bench', 'increment', small));
    const rates: string[] = [];
    for (const inFlight of [16, 64, 256]) rates.push(`${inFlight} in flight ${(await callsPerSecond(client, inFlight)).toFixed(0)}/s`);
    const startedMs = performance.now();
    await client.call('bench', 'increment', large);
    const largeMs = performance.now() - startedMs;
    console.log(
      `bare ${bareUs.toFixed(1)} us, call ${callUs.toFixed(1)} us; ${rates.join(', ')}; 100 MB there and back ${largeMs.toFixed(0)} ms`,
    );
  }
  socket.destroy();
  await client.close();
}

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url));
  const [ports] = (await once(worker, 'message')) as [Ports];
  await bench(ports);
  await worker.terminate();
} else {
  parentPort?.postMessage(await serve());
}
