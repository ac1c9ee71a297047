import { type WorkerOptions, workerOptions } from './options.ts';
import { Scheduler } from './scheduler.ts';
import { serve } from './server.ts';

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
    const listener = await serve(scheduler, options);
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
