/** The host process. It ends, with all that it has started, when its parent goes away. */
import { fileURLToPath } from 'node:url';
import { messageOf } from '../../workloads/api/run-body.ts';
import { Host } from './host.ts';
import type { Notice, Order } from './host-messages.ts';

if (process.argv[1] !== fileURLToPath(import.meta.url)) throw new Error('expected to be started as a process, was imported');

const [, , folder = '', executors = ''] = process.argv;
const host = new Host((notice: Notice) => {
  if (process.connected) process.send!(notice);
});
const end = (): void => {
  void host.end().then(() => process.exit(0));
};
process.on('message', (order: Order) => void host.obey(order));
process.on('disconnect', end);
process.on('SIGINT', () => {}); // reaches all processes of a terminal; the driver ends this one
process.on('SIGTERM', end);
host.start(folder, Number(executors)).catch((error: unknown) => process.send!({ type: 'failed', why: messageOf(error) } satisfies Notice));
