/** Entry of a process of any role, for `spawnRole`: it lives no longer than the process that started it. Never imported. */
import { once } from 'node:events';
import type { RoleOptions } from './spawn.ts';

/** What each role is once it listens; only the code of the one that is asked for is loaded. */
const START: { readonly [R in keyof RoleOptions]: (options: RoleOptions[R]) => Promise<{ readonly port: number; stop(): Promise<void> }> } =
  {
    gateway: async (options) => (await import('../gateway/gateway.ts')).startGateway(options),
    manager: async (options) => (await import('../manager/manager.ts')).startManager(options),
    worker: async (options) => (await import('../worker/node.ts')).startWorker(options),
  };

async function start<R extends keyof RoleOptions>(role: R, options: unknown) {
  return START[role](options as RoleOptions[R]);
}

if (process.send === undefined) throw new Error('platform/launch/role-entry: expected to be started by spawnRole');
process.on('disconnect', () => process.exit());
// A terminal's Ctrl-C reaches the whole group; whoever started the process decides when it stops.
process.on('SIGINT', () => {});
try {
  const [options] = await once(process, 'message');
  const { port, stop } = await start(process.argv[2] as keyof RoleOptions, options);
  process.once('SIGTERM', () => void stop().finally(() => process.exit()));
  process.send({ port });
} catch (error) {
  process.send({ error: error instanceof Error ? error.message : String(error) });
  process.disconnect();
}
