/**
 * How a connection begins: both ends say who they are, then they go on with the protocol of their roles.
 *
 * The end that dials sends `hello`; the other one answers `welcome`, or `refused` and the end of the connection.
 */
import { PheromoneError } from '../core/errors.ts';
import { Connection, type Protocol } from './connection.ts';
import { GREETING_PROTOCOL, type GreetingMessage, type Identity, type Peer, PROTOCOL_VERSION } from './greeting-messages.ts';
import { WIRE_LIMITS } from './limits.ts';
import { connectSocket, type Listener, listenForSockets } from './sockets.ts';

export interface DialOptions<Sent, Received> {
  readonly host: string;
  readonly port: number;
  readonly self: Identity;
  /** What is spoken after the greeting. */
  readonly protocol: Protocol<Sent, Received>;
  /** Default: `WIRE_LIMITS.connectMs`. */
  readonly timeoutMs?: number | undefined;
}

/** A connection that has been greeted. */
export interface Dialled<Sent, Received> {
  readonly connection: Connection<Sent, Received>;
  readonly peer: Peer;
}

/** Connects and greets. Rejects with `DISCONNECTED` if that does not come about in time, otherwise with the code that the other end gives. */
export async function dial<S, R>(options: DialOptions<S, R>): Promise<Dialled<S, R>> {
  const { host, port, self, protocol, timeoutMs = WIRE_LIMITS.connectMs } = options;
  const where = `${host}:${port}`;
  const greeting = new Connection(await connectSocket(host, port, timeoutMs), GREETING_PROTOCOL);
  return new Promise((resolve, reject) => {
    const late = new PheromoneError('DISCONNECTED', `${where}: expected a welcome within ${timeoutMs} ms, got none`);
    const timer = setTimeout(() => greeting.destroy(late), timeoutMs);
    greeting.onClose((error) => {
      clearTimeout(timer);
      reject(error ?? new PheromoneError('DISCONNECTED', `${where}: expected a welcome, got the end of the connection`));
    });
    greeting.onMessage((message) => {
      clearTimeout(timer);
      if (message.type === 'refused') greeting.destroy(new PheromoneError(message.code, message.message));
      else if (message.type !== 'welcome' || message.version !== PROTOCOL_VERSION) greeting.destroy(unwelcome(where, message));
      else resolve({ connection: greeting.speak(protocol), peer: { role: message.role, name: message.name, pid: message.pid } });
    });
    greeting.send({ type: 'hello', version: PROTOCOL_VERSION, ...self, pid: process.pid });
  });
}

export interface ListenOptions {
  readonly host: string;
  /** 0: one that is free. */
  readonly port: number;
  readonly self: Identity;
  /**
   * Is told of everyone who says hello. `speak` welcomes and goes on with the protocol of the two roles; it is to be
   * called at once. Throws a PheromoneError to refuse instead.
   */
  readonly accept: (peer: Peer, speak: <S, R>(protocol: Protocol<S, R>) => Connection<S, R>) => void;
}

/** Serves whoever dials. Rejects with `DISCONNECTED` if the address cannot be had. */
export function listen({ host, port, self, accept }: ListenOptions): Promise<Listener> {
  return listenForSockets(host, port, (socket) => {
    const greeting = new Connection(socket, GREETING_PROTOCOL);
    const late = new PheromoneError('DISCONNECTED', `expected a hello within ${WIRE_LIMITS.connectMs} ms, got none`);
    const timer = setTimeout(() => greeting.destroy(late), WIRE_LIMITS.connectMs);
    greeting.onClose(() => clearTimeout(timer));
    greeting.onMessage((message) => {
      clearTimeout(timer);
      try {
        accept(peerOf(message), (protocol) => {
          greeting.send({ type: 'welcome', version: PROTOCOL_VERSION, ...self, pid: process.pid });
          return greeting.speak(protocol);
        });
      } catch (error) {
        refuse(greeting, error);
      }
    });
  });
}

function refuse(greeting: Connection<GreetingMessage, GreetingMessage>, error: unknown): void {
  if (!(error instanceof PheromoneError)) throw error;
  greeting.send({ type: 'refused', code: error.code, message: error.message });
  greeting.close();
}

function peerOf(message: GreetingMessage): Peer {
  if (message.type !== 'hello') throw new PheromoneError('BAD_MESSAGE', `expected hello as the first message, got ${message.type}`);
  if (message.version !== PROTOCOL_VERSION) {
    throw new PheromoneError('BAD_MESSAGE', `expected protocol version ${PROTOCOL_VERSION}, got ${message.version}`);
  }
  return { role: message.role, name: message.name, pid: message.pid };
}

function unwelcome(where: string, message: GreetingMessage): PheromoneError {
  const got = message.type === 'welcome' ? `version ${message.version}` : message.type;
  return new PheromoneError('BAD_MESSAGE', `${where}: expected a welcome of version ${PROTOCOL_VERSION}, got ${got}`);
}
