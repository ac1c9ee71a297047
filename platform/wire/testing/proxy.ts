/** A bad network: a port that passes on to another one, until a test wants it otherwise. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { ExecutionContext } from 'ava';

export interface Proxy {
  readonly port: number;
  /** Ends all connections; new ones come about. */
  cut(): void;
  /** Passes nothing on any more, and says nothing of it; new connections hear nothing either. */
  silence(): void;
  /** Passes on what comes from now on; what was silenced in between is lost with its connections. */
  heal(): void;
}

/** A proxy that whoever opened it has to close. */
export interface OpenProxy extends Proxy {
  close(): Promise<void>;
}

/** A way to `target`, a port of this machine; gone when the test is over. */
export async function proxyOf(t: ExecutionContext, target: number): Promise<Proxy> {
  const proxy = await openProxy(() => target);
  t.teardown(() => proxy.close());
  return proxy;
}

/** A way to a port of this machine, which is asked for with each connection; `undefined`: nobody listens yet. */
export async function openProxy(targetOf: () => number | undefined): Promise<OpenProxy> {
  const sockets = new Set<Socket>();
  let isSilent = false;
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  };
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((near) => {
    keep(near);
    if (isSilent) return;
    const target = targetOf();
    if (target === undefined) {
      near.destroy();
      return;
    }
    const far = keep(connect(target, '127.0.0.1'));
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (chunk) => isSilent || to.write(chunk));
      from.on('close', () => isSilent || to.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    silence() {
      isSilent = true;
    },
    heal() {
      isSilent = false;
      cut();
    },
    async close() {
      server.close();
      cut();
      await once(server, 'close');
    },
  };
}
