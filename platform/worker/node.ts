import { PheromoneError } from '../core/errors.ts';
import { ClientSession } from '../door/client-session.ts';
import { NODE_SIDE } from '../wire/client-protocol.ts';
import { listen } from '../wire/greeting.ts';
import { type WorkerOptions, workerOptions } from './options.ts';
import { Scheduler } from './scheduler.ts';

/** A worker node that runs in this process. */
export interface WorkerNode {
  readonly port: number;
  /** Ends its connections and its executors. */
  stop(): Promise<void>;
}

/** Starts a worker node in this process. Throws a RangeError for an option out of range, rejects with `DISCONNECTED` if the address is taken. */
export async function startWorker(given: Partial<WorkerOptions>): Promise<WorkerNode> {
  const options = workerOptions(given);
  const scheduler = new Scheduler(options);
  try {
    const self = { role: 'worker', name: `${options.host}:${options.port}` } as const;
    const listener = await listen({
      ...{ host: options.host, port: options.port, self },
      accept(peer, speak) {
        if (peer.role !== 'client') throw new PheromoneError('BAD_MESSAGE', `worker: expected a client, got a ${peer.role}`);
        new ClientSession(scheduler, speak(NODE_SIDE));
      },
    });
    return {
      port: listener.port,
      async stop() {
        await listener.close();
        await scheduler.stop();
      },
    };
  } catch (error) {
    await scheduler.stop();
    throw error;
  }
}
