/** TCP sockets, before anything is said over them. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { PheromoneError } from '../core/errors.ts';

export interface Listener {
  readonly port: number;
  /** Takes no more connections, ends those there are, and resolves when all are closed. */
  close(): Promise<void>;
}

/** Rejects with `DISCONNECTED` if the address cannot be had. */
export async function listenForSockets(host: string, port: number, onSocket: (socket: Socket) => void): Promise<Listener> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    onSocket(socket);
  });
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new PheromoneError('DISCONNECTED', `listen on ${host}:${port}: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
  // Accepting can fail for want of file descriptors; those who wait are accepted later.
  server.on('error', () => {});
  return { port: (server.address() as AddressInfo).port, close: () => closeServer(server, sockets) };
}

async function closeServer(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  for (const socket of sockets) socket.destroy();
  await closed;
}

/** Rejects with `DISCONNECTED` if the connection does not come about in time. */
export async function connectSocket(host: string, port: number, timeoutMs: number): Promise<Socket> {
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    socket.destroy();
    const { name, code } = error as NodeJS.ErrnoException;
    const why = name === 'AbortError' ? `no answer within ${timeoutMs} ms` : (code ?? error);
    throw new PheromoneError('DISCONNECTED', `connect to ${host}:${port}: ${why}`, { cause: error });
  }
  return socket;
}
