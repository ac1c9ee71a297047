/** A process that serves functions over HTTP. Tells its port; ends when its parent closes standard input. */
import { writeSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { DriverError } from '../../workloads/api/driver.ts';
import { messageOf as textOf } from '../../workloads/api/run-body.ts';
import type { Routes } from './compile.ts';
import { bodyOf, Connection, type ErrorBody } from './connection.ts';
import { Executor } from './executor.ts';
import { type Message, messageOf, type Neighbours } from './message.ts';
import { type Host, Service } from './service.ts';
import { DRIVER_FD, Watchdog } from './watchdog.ts';

if (process.argv[1] !== fileURLToPath(import.meta.url)) throw new Error('expected to be started as a process, was imported');

const MAX_HEADER_BYTES = 1 << 20;
const executor = new Executor();
const watchdog = new Watchdog();
const connections = new Map<number, Connection>();
const services = new Map<string, Service>();
const host: { -readonly [K in keyof Host]: Host[K] } = { process: 0, executor, watchdog, peers: [], caller: undefined as never };

function connectionTo(port: number): Connection {
  const connection = connections.get(port) ?? new Connection(port);
  connections.set(port, connection);
  return connection;
}

function meet({ process, peers, caller }: Neighbours): void {
  Object.assign(host, { process, peers: peers.map(connectionTo), caller: connectionTo(caller) });
  for (const [port, connection] of connections) {
    if (port === caller || peers.includes(port)) continue;
    connections.delete(port);
    void connection.close();
  }
}

/** Takes a message for a function or a join; what comes of it goes its own way. */
function take(kind: string, service: Service, name: string, message: Message, body: Uint8Array): void {
  if (kind === 'call') service.call(name, message, body);
  else if (kind === 'join') service.join(Number(name), message, body);
  else service.group(Number(name), message, body);
}

/** Does what the driver asks. */
async function control(what: string, id: string, body: Uint8Array): Promise<void> {
  const json = (): unknown => JSON.parse(new TextDecoder().decode(body));
  const service = serviceOf(id);
  switch (what) {
    case 'DELETE session':
      service?.end(id);
      break;
    case 'PUT neighbours':
      meet(json() as Neighbours);
      break;
    case 'PUT deployment':
      services.set(id, await Service.load(Number(id), json() as Routes, host));
      break;
    case 'DELETE deployment':
      service?.close();
      services.delete(id);
      break;
    default:
      throw new DriverError('PLATFORM_FAILED', `expected a known method and path, got ${what}`);
  }
}

/** The workflow with this id, or that a session with this id belongs to. */
function serviceOf(id: string): Service | undefined {
  return services.get(id.split('.')[0]!);
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, kind = '', id = '', name = ''] = request.url!.split('/');
  const body = await bodyOf(request);
  if (request.method === 'POST') {
    const message = messageOf(request.headers);
    // Answered before the body of the function may take this thread for itself.
    response.writeHead(202).end();
    const service = serviceOf(id);
    if (service !== undefined) take(kind, service, name, message, body);
  } else {
    await control(`${request.method} ${kind}`, id, body);
    response.writeHead(202).end();
  }
}

const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES, noDelay: true, keepAliveTimeout: 0 }, (request, response) => {
  response.sendDate = false;
  handle(request, response).catch((error: unknown) => {
    const body: ErrorBody = { code: error instanceof DriverError ? error.code : 'PLATFORM_FAILED', message: textOf(error) };
    response.writeHead(500).end(JSON.stringify(body));
  });
});
server.listen(0, '127.0.0.1', () => writeSync(DRIVER_FD, `${(server.address() as AddressInfo).port}\n`));
process.on('SIGINT', () => {}); // From a terminal it goes to the whole group; the harness decides.
process.stdin.on('end', () => process.exit(0)).resume();
