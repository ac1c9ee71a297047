/** Sockets, with or without TLS, before anything is said over them. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer, TLSSocket } from 'node:tls';
import { PheromoneError } from '../core/errors.ts';
import type { DirectReading } from './direct-reading.ts';
import { WIRE_LIMITS } from './limits.ts';
import type { Tls } from './security.ts';

/** What both ends of a TLS connection derive from it, and nobody between them. */
const CHANNEL_LABEL = 'EXPORTER-pheromone-greeting';
const CHANNEL_BYTES = 32;

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly tls?: Tls | undefined;
}

export interface Listener {
  readonly port: number;
  /** Takes no more connections, ends those there are, and resolves when all are closed. */
  close(): Promise<void>;
}

/**
 * Rejects with `DISCONNECTED` if the address cannot be had, with `INVALID_ARGUMENT` for certificates that are none.
 * `timeoutMs`: how long TLS may take to come about.
 */
export async function listenForSockets(
  { host, port, tls }: Address,
  timeoutMs: number,
  onSocket: (socket: Socket) => void,
): Promise<Listener> {
  const where = `listen on ${host}:${port}`;
  const server = tls === undefined ? createServer(onSocket) : tlsServer(where, tls, timeoutMs, onSocket);
  server.maxConnections = WIRE_LIMITS.connectionsPerListener;
  const sockets = new Set<Socket>();
  // With TLS, too, these are the ones that lie below: also those whose greeting has not come to TLS's end.
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw faultOfSocket(where, error as Error);
  }
  // Accepting can fail for want of file descriptors; those who wait are accepted later.
  server.on('error', () => {});
  return { port: (server.address() as AddressInfo).port, close: () => closeServer(server, sockets) };
}

function tlsServer(where: string, tls: Tls, timeoutMs: number, onSocket: (socket: Socket) => void): Server {
  const asked = { requestCert: true, rejectUnauthorized: true, handshakeTimeout: timeoutMs };
  /** By their addresses: the socket that comes out of TLS is another one than goes in. */
  const underway = new Map<string, Socket>();
  const server = withCertificates(where, tls, (certificates) => {
    return createTlsServer({ ...certificates, ...asked }, (socket) => {
      underway.delete(addressOf(socket));
      onSocket(socket);
    });
  });
  // Nobody else does, where the time is over.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.on('connection', (socket: Socket) => {
    const address = addressOf(socket);
    underway.set(address, socket);
    socket.once('close', () => underway.delete(address));
    dropOldest(underway.values(), underway.size);
  });
  return server;
}

const addressOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

/** Has the oldest of those go that have not been greeted, where there are too many of them. */
export function dropOldest(ungreeted: Iterator<{ destroy(): void }>, count: number): void {
  if (count > WIRE_LIMITS.greetingsPerListener) ungreeted.next().value?.destroy();
}

async function closeServer(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  for (const socket of sockets) socket.destroy();
  await closed;
}

/**
 * Rejects with `DISCONNECTED` if the connection does not come about in time, with `UNAUTHENTICATED` if the other
 * end's certificate is not one of the cluster's, or it has none. `reading` is of no use to TLS.
 */
export async function connectSocket({ host, port, tls }: Address, timeoutMs: number, reading?: DirectReading): Promise<Socket> {
  const where = `connect to ${host}:${port}`;
  const onread = reading === undefined ? {} : { onread: reading.options };
  const socket = tls === undefined ? connect({ host, port, ...onread }) : tlsSocket(where, { host, port, tls });
  try {
    await once(socket, tls === undefined ? 'connect' : 'secureConnect', { signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    socket.destroy();
    if ((error as Error).name !== 'AbortError') throw faultOfSocket(where, error as Error);
    throw new PheromoneError('DISCONNECTED', `${where}: no answer within ${timeoutMs} ms`, { cause: error });
  }
  return socket;
}

function tlsSocket(where: string, { host, port, tls }: Address & { readonly tls: Tls }): TLSSocket {
  const name = tls.serverName === undefined ? {} : { servername: tls.serverName };
  return withCertificates(where, tls, (certificates) => connectTls({ ...certificates, ...name, host, port }));
}

interface Certificates {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  readonly ca: string | Buffer;
  readonly minVersion: 'TLSv1.3';
}

function withCertificates<T>(where: string, { cert, key, ca }: Tls, make: (certificates: Certificates) => T): T {
  const pem = (value: string | Uint8Array): string | Buffer => (typeof value === 'string' ? value : Buffer.from(value));
  try {
    return make({ cert: pem(cert), key: pem(key), ca: pem(ca), minVersion: 'TLSv1.3' });
  } catch (error) {
    throw new PheromoneError('INVALID_ARGUMENT', `${where}: expected certificates and a key in PEM: ${(error as Error).message}`);
  }
}

/** What the ends of this connection, and they alone, have in common; empty without TLS. */
export function channelOf(socket: Socket): Uint8Array {
  if (!(socket instanceof TLSSocket)) return new Uint8Array(0);
  return socket.exportKeyingMaterial(CHANNEL_BYTES, CHANNEL_LABEL, Buffer.alloc(0));
}

/** What has become of a socket: `UNAUTHENTICATED` where certificates are at fault, otherwise `DISCONNECTED`. */
export function faultOfSocket(where: string, error: NodeJS.ErrnoException): PheromoneError {
  const { code = '', message } = error;
  const isOfTls = /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO)/.test(code);
  const why = isOfTls || code === '' ? message : code;
  return new PheromoneError(isOfTls ? 'UNAUTHENTICATED' : 'DISCONNECTED', `${where}: ${why}`, { cause: error });
}
