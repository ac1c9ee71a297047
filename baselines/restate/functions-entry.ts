/** A process with functions: an endpoint of the Restate SDK. Gets its connections from the host; ends when that goes away. */
import { createServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { endpoint } from '@restatedev/restate-sdk';
import { DriverError } from '../../workloads/api/driver.ts';
import { messageOf } from '../../workloads/api/run-body.ts';
import { Bodies, type Host } from './bodies.ts';
import { Executor } from './executor.ts';
import type { Done, Order } from './host-messages.ts';
import { servicesOf } from './services.ts';
import { Subscribers } from './subscribers.ts';
import { Watchdog } from './watchdog.ts';

if (process.argv[1] !== fileURLToPath(import.meta.url)) throw new Error('expected to be started as a process, was imported');

interface Deployed {
  readonly handle: (request: Http2ServerRequest, response: Http2ServerResponse) => void;
  readonly subscribers: Subscribers;
}

const host: Host = { executor: new Executor(), watchdog: new Watchdog() };
const deployments = new Map<string, Deployed>();

async function obey(order: Order): Promise<void> {
  const id = String(order.id);
  if (order.type === 'remove') {
    await deployments.get(id)?.subscribers.close();
    deployments.delete(id);
    return;
  }
  const bodies = await Bodies.load(order.served.program, host);
  const subscribers = new Subscribers(order.port, order.id);
  const services = endpoint();
  // What goes wrong with an invocation is told to its caller, or to Restate, which tries again.
  services.setLogger(() => {});
  for (const definition of servicesOf(order.served, bodies, subscribers)) services.bind(definition);
  deployments.set(id, { handle: services.http2Handler(), subscribers });
}

const server = createServer((request, response) => {
  const deployed = deployments.get(request.url.split('/')[1]!);
  if (deployed === undefined) response.writeHead(404).end();
  else deployed.handle(request, response);
});

process.on('message', (order: Order | 'connection', socket?: Socket) => {
  if (order === 'connection') {
    // Gone again already: then there is nothing to serve.
    if (socket !== undefined) server.emit('connection', socket);
    return;
  }
  const answer = (error?: unknown): void => {
    const done: Done = { type: 'done', id: order.id };
    const code = error instanceof DriverError ? error.code : 'PLATFORM_FAILED';
    process.send!(error === undefined ? done : { ...done, error: { code, message: messageOf(error) } });
  };
  obey(order).then(() => answer(), answer);
});
process.on('disconnect', () => process.exit(0));
process.on('SIGINT', () => {}); // reaches all processes of a terminal; the driver ends this one
