/** A worker node in this process: its scheduler, its door, and its part in a cluster. */
import { PheromoneError } from '../core/errors.ts';
import { ClientSession } from '../door/client-session.ts';
import { openStore, type StoreConfig } from '../store/durable/open-store.ts';
import { NodeBundles } from '../store/node-bundles.ts';
import { NODE_SIDE } from '../wire/client-protocol.ts';
import { listen } from '../wire/greeting.ts';
import type { Security } from '../wire/security.ts';
import type { Listener } from '../wire/sockets.ts';
import { ClusterNode } from './cluster/cluster.ts';
import { type WorkerOptions, workerOptions } from './options.ts';
import { Scheduler } from './scheduler.ts';

/** A worker node that runs in this process. */
export interface WorkerNode {
  readonly port: number;
  /** Leaves its cluster, when what it runs is over or `drainMs` have passed; then ends its connections and its executors. */
  stop(): Promise<void>;
}

/** Starts a worker node in this process. Throws a RangeError for an option out of range, rejects with `DISCONNECTED` if the address is taken or no manager answers. */
export async function startWorker(given: Partial<WorkerOptions>, security: Security = {}, storeConfig?: StoreConfig): Promise<WorkerNode> {
  const options = workerOptions(given);
  const name = options.name === '' ? `worker-${process.pid}` : options.name;
  const store = storeConfig === undefined ? undefined : await openStore(storeConfig);
  const scheduler = new Scheduler({ ...options, name }, new NodeBundles(store, options.bundleFolder), store);
  const cluster = options.manager === '' ? undefined : new ClusterNode(scheduler, { worker: options, name, security, store });
  let listener: Listener | undefined;
  const end = async (): Promise<void> => {
    await listener?.close();
    await scheduler.stop();
    await store?.close();
  };
  try {
    listener = await listen({
      ...{ host: options.host, port: options.port, self: { role: 'worker', name }, security },
      accept(peer, speak) {
        if (peer.role === 'client') new ClientSession(cluster?.service ?? scheduler, speak(NODE_SIDE));
        else if (cluster !== undefined) cluster.accept(peer, speak);
        else throw new PheromoneError('BAD_MESSAGE', `worker: expected a client, since it is no part of a cluster, got a ${peer.role}`);
      },
    });
    await cluster?.join(listener.port);
    return {
      port: listener.port,
      async stop() {
        await cluster?.leave(options.drainMs);
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}
