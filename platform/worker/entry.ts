/** Entry of a worker node's process, for `spawnWorker`: it lives no longer than the process that started it. Never imported. */
import { startWorker } from './node.ts';
import type { WorkerOptions } from './options.ts';

if (process.send === undefined) throw new Error('platform/worker/entry: expected to be started by spawnWorker');
process.on('disconnect', () => process.exit());
// A terminal's Ctrl-C reaches the whole group; whoever started the node decides when it stops.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => process.exit());
try {
  const { port } = await startWorker(JSON.parse(process.argv[2] ?? '{}') as Partial<WorkerOptions>);
  process.send({ port });
} catch (error) {
  process.send({ error: error instanceof Error ? error.message : String(error) });
  process.disconnect();
}
