/**
 * What a coordinator on the way costs: no-op calls through one, each answered at once by a worker that runs nothing,
 * beside the same calls straight to such a worker; all three on threads of their own.
 * `node bin/launch.js platform/coordinator/coordinator.bench.ts`
 */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { type Client, connectClient } from '../client/client.ts';
import { app } from '../core/testing/definitions.ts';
import { ClientSession } from '../door/client-session.ts';
import { NODE_SIDE } from '../wire/client-protocol.ts';
import { WORKER_SIDE } from '../wire/coordinator-protocol.ts';
import { listen } from '../wire/greeting.ts';
import type { Call, NodeMessage } from '../wire/messages.ts';
import { Coordinator } from './coordinator.ts';
import { COORDINATOR_DEFAULTS } from './options.ts';

const HOST = '127.0.0.1';
const ROUNDS = 3;
const CALLS = 20_000;
const ROUND_TRIPS = 2_000;
const IN_FLIGHT = [16, 64, 256];

/** A worker that answers each call with its input, whoever calls. */
async function serveWorker(): Promise<number> {
  const echo = (message: Call, payload: Uint8Array, send: (answer: NodeMessage, payload: Uint8Array) => void): void => {
    const outputs = [{ source: message.fn, key: '', group: '', size: payload.length }];
    send({ type: 'result', id: message.id, outputs, spans: [] }, payload);
  };
  const { port } = await listen({
    ...{ host: HOST, port: 0, self: { role: 'worker', name: 'w' } },
    accept(peer, speak) {
      if (peer.role === 'client') {
        const connection = speak(NODE_SIDE);
        connection.onMessage((message, payload) => {
          if (message.type === 'call') echo(message, payload, (answer, bytes) => connection.send(answer, bytes));
        });
        return;
      }
      const connection = speak(WORKER_SIDE);
      connection.onMessage((message, payload) => {
        if (message.type === 'call') echo(message, payload, (answer, bytes) => connection.send(answer, bytes));
        else if (message.type === 'install') connection.send({ type: 'done', id: message.id });
      });
      connection.send({ type: 'apps', apps: [] });
    },
  });
  return port;
}

async function serveCoordinator(workerPort: number): Promise<number> {
  const coordinator = new Coordinator({ ...COORDINATOR_DEFAULTS, name: 'c' });
  const { port } = await listen({
    ...{ host: HOST, port: 0, self: { role: 'coordinator', name: 'c' } },
    accept: (_peer, speak) => new ClientSession(coordinator, speak(NODE_SIDE)),
  });
  const address = { host: HOST, pid: 1, labels: [], incarnation: 1, draining: false };
  const worker = { ...address, name: 'w', role: 'worker', port: workerPort, executors: 2 } as const;
  coordinator.see({ version: 1, members: [{ ...address, name: 'c', role: 'coordinator', port, executors: 0 }, worker] });
  await coordinator.learn(10_000);
  return port;
}

/** Keeps `inFlight` calls under way until `CALLS` are answered; gives calls per second. */
async function callsPerSecond(client: Client, inFlight: number): Promise<number> {
  const input = new Uint8Array(8);
  let left = CALLS;
  const caller = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await client.call('x', 'f', input, { deadlineMs: 30_000 });
    }
  };
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: inFlight }, caller));
  return (CALLS / (performance.now() - startedMs)) * 1_000;
}

async function medianUs(client: Client): Promise<number> {
  const samples: number[] = [];
  for (let i = 0; i < ROUND_TRIPS; i++) {
    const startedMs = performance.now();
    await client.call('x', 'f', new Uint8Array(8));
    samples.push(performance.now() - startedMs);
  }
  return samples.sort((a, b) => a - b)[ROUND_TRIPS / 2]! * 1_000;
}

/** Says how long a call takes, how many there are in a second, and how much of a core the server's thread needs for each of these. */
async function measure(name: string, client: Client, server: Server): Promise<string> {
  const us = await medianUs(client);
  const rates: string[] = [];
  for (const inFlight of IN_FLIGHT) {
    const beforeUs = await cpuUs(server);
    const rate = await callsPerSecond(client, inFlight);
    const cpuPerCallUs = ((await cpuUs(server)) - beforeUs) / CALLS;
    rates.push(`${inFlight} in flight ${rate.toFixed(0)}/s (${cpuPerCallUs.toFixed(1)} us)`);
  }
  return `${name} ${us.toFixed(0)} us, ${rates.join(', ')}`;
}

async function bench(worker: Server, coordinator: Server): Promise<void> {
  const direct = await connectClient({ host: HOST, port: worker.port });
  const relayed = await connectClient({ host: HOST, port: coordinator.port });
  await relayed.register(app());
  for (let round = 0; round < ROUNDS; round++) {
    console.log(`${await measure('direct:', direct, worker)} | ${await measure('relayed:', relayed, coordinator)}`);
  }
  await Promise.all([direct.close(), relayed.close()]);
}

interface Server {
  readonly thread: Worker;
  readonly port: number;
}

/** Runs one of the servers on a thread of its own. */
async function serverOf(serve: 'worker' | 'coordinator', workerPort = 0): Promise<Server> {
  const thread = new Worker(new URL(import.meta.url), { workerData: { serve, workerPort } });
  const [port] = (await once(thread, 'message')) as [number];
  return { thread, port };
}

/** Time that the server's thread has been on a core. */
async function cpuUs({ thread }: Server): Promise<number> {
  thread.postMessage('cpu');
  const [us] = (await once(thread, 'message')) as [number];
  return us;
}

if (isMainThread) {
  const worker = await serverOf('worker');
  const coordinator = await serverOf('coordinator', worker.port);
  await bench(worker, coordinator);
  await Promise.all([worker.thread.terminate(), coordinator.thread.terminate()]);
} else {
  const { serve, workerPort } = workerData as { readonly serve: 'worker' | 'coordinator'; readonly workerPort: number };
  parentPort?.on('message', () => {
    const { user, system } = process.threadCpuUsage();
    parentPort?.postMessage(user + system);
  });
  parentPort?.postMessage(serve === 'worker' ? await serveWorker() : await serveCoordinator(workerPort));
}
