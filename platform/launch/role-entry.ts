/** Entry of a process of any role, for `spawnRole`: it lives no longer than the process that started it. Never imported. */
import { once } from 'node:events';
import type { Order } from './spawn.ts';
import { startRole } from './start-role.ts';

if (process.send === undefined) throw new Error('platform/launch/role-entry: expected to be started by spawnRole');
process.on('disconnect', () => process.exit());
// A terminal's Ctrl-C reaches the whole group; whoever started the process decides when it stops.
process.on('SIGINT', () => {});
try {
  const [{ role, options, surroundings }] = (await once(process, 'message')) as [Order];
  const { port, stop } = await startRole(role, options, surroundings);
  process.once('SIGTERM', () => void stop().finally(() => process.exit()));
  process.send({ port });
} catch (error) {
  process.send({ error: error instanceof Error ? error.message : String(error) });
  process.disconnect();
}
