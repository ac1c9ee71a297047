/**
 * How a connection begins: both ends say who they are, then they go on with the protocol of their roles.
 *
 * The end that dials sends `hello`; the other one answers `welcome`, or `refused` and the end of the connection. With
 * a cluster's secret, `challenge` and `proof` come before the `welcome`: both ends prove that they know it, the end
 * that listens first. An end with a secret has nothing to do with one without, and the other way round.
 */
import { PheromoneError } from '../core/errors.ts';
import { Connection, type Protocol } from './connection.ts';
import { Dialler } from './dialler.ts';
import { DirectReading } from './direct-reading.ts';
import { Doorkeeper } from './doorkeeper.ts';
import { GREETING_PROTOCOL, type GreetingMessage, type Identity, type Peer, PROTOCOL_VERSION } from './greeting-messages.ts';
import { WIRE_LIMITS } from './limits.ts';
import { checkSecurity, type Security } from './security.ts';
import { channelOf, connectSocket, dropOldest, type Listener, listenForSockets } from './sockets.ts';
import { WrongProofs } from './wrong-proofs.ts';

type Greeting = Connection<GreetingMessage, GreetingMessage>;

export interface DialOptions<Sent, Received> {
  readonly host: string;
  readonly port: number;
  readonly self: Identity;
  /** What is spoken after the greeting. */
  readonly protocol: Protocol<Sent, Received>;
  /** As the other end has it. Left out: neither secret nor TLS. */
  readonly security?: Security | undefined;
  /** Default: `WIRE_LIMITS.connectMs`. */
  readonly timeoutMs?: number | undefined;
}

/** A connection that has been greeted. */
export interface Dialled<Sent, Received> {
  readonly connection: Connection<Sent, Received>;
  readonly peer: Peer;
}

/**
 * Connects and greets. Rejects with `DISCONNECTED` if that does not come about in time, with `UNAUTHENTICATED` unless
 * both ends have the same security, otherwise with the code that the other end gives.
 */
export async function dial<S, R>(options: DialOptions<S, R>): Promise<Dialled<S, R>> {
  const { host, port, self, protocol, security = {}, timeoutMs = WIRE_LIMITS.connectMs } = options;
  const where = `${host}:${port}`;
  checkSecurity(where, security);
  // Memory that is given for a payload is read into straight from the socket, where no TLS lies between.
  const reading = protocol.room !== undefined && security.tls === undefined ? new DirectReading() : undefined;
  const socket = await connectSocket({ host, port, tls: security.tls }, timeoutMs, reading);
  const greeting = new Connection(socket, GREETING_PROTOCOL, reading);
  const dialler = new Dialler(where, self, security.secret, () => channelOf(socket));
  return new Promise((resolve, reject) => {
    const late = new PheromoneError('DISCONNECTED', `${where}: expected a welcome within ${timeoutMs} ms, got none`);
    const timer = setTimeout(() => greeting.destroy(late), timeoutMs);
    greeting.onClose((error) => {
      clearTimeout(timer);
      reject(error ?? endedEarly(where, security));
    });
    greeting.onMessage((message) => {
      const next = dialler.answer(message);
      if (next.type === 'proof') {
        greeting.send(next);
        return;
      }
      clearTimeout(timer);
      resolve({ connection: greeting.speak(protocol), peer: { role: next.role, name: next.name, pid: next.pid } });
    });
    greeting.send(dialler.hello);
  });
}

function endedEarly(where: string, { tls }: Security): PheromoneError {
  const hint = tls === undefined ? '' : ": this end's certificate may not be one of the cluster's";
  return new PheromoneError('DISCONNECTED', `${where}: expected a welcome, got the end of the connection${hint}`);
}

export interface ListenOptions {
  /** With a secret: any; without: 127.0.0.1 or the like. */
  readonly host: string;
  /** 0: one that is free. */
  readonly port: number;
  readonly self: Identity;
  /** Left out: neither secret nor TLS. */
  readonly security?: Security | undefined;
  /**
   * Is told of everyone who says hello. `speak` welcomes and goes on with the protocol of the two roles; it is to be
   * called at once. Throws a PheromoneError to refuse instead.
   */
  readonly accept: (peer: Peer, speak: <S, R>(protocol: Protocol<S, R>) => Connection<S, R>) => void;
  /** How long a greeting may take. Default: `WIRE_LIMITS.connectMs`. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Serves whoever dials. Rejects with `DISCONNECTED` if the address cannot be had, with `INVALID_ARGUMENT` if it can be
 * reached from other machines and there is no secret.
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { host, port, self, security = {}, accept, timeoutMs = WIRE_LIMITS.connectMs } = options;
  checkSecurity(`listen on ${host}:${port}`, security, host);
  const wrongProofs = new WrongProofs();
  /** Those that are not welcome yet, the oldest one first. */
  const waiting = new Set<Greeting>();
  return listenForSockets({ host, port, tls: security.tls }, timeoutMs, (socket) => {
    const greeting = new Connection(socket, GREETING_PROTOCOL);
    const late = new PheromoneError('DISCONNECTED', `expected a greeting within ${timeoutMs} ms, got none`);
    const timer = setTimeout(() => greeting.destroy(late), timeoutMs);
    const over = (): void => {
      clearTimeout(timer);
      waiting.delete(greeting);
    };
    const guest = { address: socket.remoteAddress ?? '', channel: () => channelOf(socket) };
    const doorkeeper = new Doorkeeper(self, security.secret, wrongProofs, guest);
    waiting.add(greeting);
    dropOldest(waiting.values(), waiting.size);
    greeting.onClose(over);
    greeting.onMessage((message) => {
      try {
        const next = doorkeeper.answer(message);
        if ('type' in next) {
          greeting.send(next);
          return;
        }
        accept(next, (protocol) => {
          over();
          greeting.send({ type: 'welcome', version: PROTOCOL_VERSION, ...self, pid: process.pid });
          return greeting.speak(protocol);
        });
      } catch (error) {
        over();
        refuse(greeting, error);
      }
    });
  });
}

function refuse(greeting: Greeting, error: unknown): void {
  if (!(error instanceof PheromoneError)) throw error;
  greeting.send({ type: 'refused', code: error.code, message: error.message.slice(0, WIRE_LIMITS.refusalLength) });
  greeting.close();
}
