/** Messages over a socket: a connection of its own for each client. */
import { once } from 'node:events';
import { type AddressInfo, connect as connectSocket, createServer, type Server, type Socket } from 'node:net';
import { PheromoneError } from '../core/errors.ts';
import { CLIENT_HEADS } from './client-heads.ts';
import { encodeHead, FrameDecoder, type MessageHandler, PREFIX_BYTES, writePrefix } from './codec.ts';
import type { Heads } from './heads.ts';
import { WIRE_LIMITS } from './limits.ts';
import type { ClientMessage, NodeMessage } from './messages.ts';
import { NODE_HEADS } from './node-heads.ts';

const BATCH_BYTES = 2 * WIRE_LIMITS.copyBytes;
const NOTHING = new Uint8Array(0);

/** What a connection sends and receives. */
export interface Protocol<Sent, Received> {
  readonly sends: Heads<Sent>;
  readonly receives: Heads<Received>;
  /** The last message to a peer that broke the protocol. Left out: the connection just ends. */
  readonly complaint?: (error: PheromoneError) => Sent;
}

/** How `send` treats payloads above `WIRE_LIMITS.copyBytes`; smaller ones are always copied. */
export interface SendOptions {
  /** They are not copied: their memory must stay as it is until `sent` is called. */
  readonly keep: true;
  /** Called once, never within `send`, when the payload's memory is the caller's again: sent, or the connection lost. */
  readonly sent?: () => void;
}

/** Whoever is told that a connection is over; `error` says why unless it was closed in order. */
export type CloseHandler = (error: PheromoneError | undefined) => void;

/**
 * Messages over one socket. What is sent within one turn of the event loop leaves with one write, at its end.
 * Nothing is read before `onMessage` has been called.
 */
export class Connection<Sent, Received> {
  readonly #socket: Socket;
  readonly #protocol: Protocol<Sent, Received>;
  /** Frames not yet written. Replaced when the socket could not take all of it at once. */
  #batch = Buffer.allocUnsafeSlow(BATCH_BYTES);
  #filled = 0;
  #isFlushDue = false;
  #state: 'open' | 'closing' | 'closed' = 'open';
  #error: PheromoneError | undefined;
  #onMessage: MessageHandler<Received> | undefined;
  #onClose: CloseHandler | undefined;
  #closeTimer: NodeJS.Timeout | undefined;
  readonly #flushOnTick = (): void => this.#flush();

  constructor(socket: Socket, protocol: Protocol<Sent, Received>) {
    this.#socket = socket;
    this.#protocol = protocol;
    socket.setNoDelay(true);
    socket.on('error', (error) => {
      this.#error ??= new PheromoneError('DISCONNECTED', `connection lost: ${error.message}`, { cause: error });
    });
    socket.once('close', () => {
      this.#state = 'closed';
      clearTimeout(this.#closeTimer);
      this.#onClose?.(this.#error);
    });
  }

  /** Bytes sent that the kernel has not taken yet. */
  get pendingBytes(): number {
    return this.#filled + this.#socket.writableLength;
  }

  /** Sets or replaces the handler of all messages; with the first one reading begins. A handler that throws ends the connection. */
  onMessage(handler: MessageHandler<Received>): void {
    const isFirst = this.#onMessage === undefined;
    this.#onMessage = handler;
    if (!isFirst) return;
    const decoder = new FrameDecoder(this.#protocol.receives, (message: Received, payload, isOwn) => {
      if (this.#state === 'open') this.#onMessage?.(message, payload, isOwn);
    });
    this.#socket.on('data', (chunk: Buffer) => {
      if (this.#state !== 'open') return;
      try {
        decoder.push(chunk);
      } catch (error) {
        this.#fail(error);
      }
    });
  }

  /** Sets or replaces the handler of the connection's end. It is called once, also where the connection is over already. */
  onClose(handler: CloseHandler): void {
    this.#onClose = handler;
    if (this.#state === 'closed') process.nextTick(() => handler(this.#error));
  }

  /**
   * Sends a message and its payload, the parts one after the other. On return the payload's memory is the
   * caller's again, also where it is shared, unless `options` say otherwise. Once the connection is over, does nothing.
   * Throws `OBJECT_TOO_LARGE` or `INVALID_ARGUMENT`, and has sent nothing, where the message cannot be encoded.
   */
  send(message: Sent, payload: Uint8Array | readonly Uint8Array[] = NOTHING, options?: SendOptions): void {
    if (this.#state !== 'open') {
      if (options?.sent !== undefined) process.nextTick(options.sent);
      return;
    }
    if (payload instanceof Uint8Array) {
      this.#putHead(message, payload.length);
      if (options === undefined) this.#put(payload);
      else this.#putKept([payload], options.sent);
    } else {
      this.#putHead(
        message,
        payload.reduce((sum, part) => sum + part.length, 0),
      );
      if (options === undefined) for (const part of payload) this.#put(part);
      else this.#putKept(payload, options.sent);
    }
    if (this.#isFlushDue) return;
    // After the microtasks: an answer whose handling sends the next call joins the same write.
    this.#isFlushDue = true;
    process.nextTick(this.#flushOnTick);
  }

  /** Sends what is under way, then ends the connection; messages that still come are dropped. */
  close(): void {
    if (this.#state !== 'open') return;
    this.#flush();
    this.#state = 'closing';
    // Read on, or the peer's end would never be noticed.
    this.#socket.resume().end();
    this.#closeTimer = setTimeout(() => this.#socket.destroy(), WIRE_LIMITS.closeMs);
  }

  /** Ends the connection at once. */
  destroy(error?: PheromoneError): void {
    this.#error ??= error;
    if (this.#state === 'open') this.#state = 'closing';
    this.#socket.destroy();
  }

  #fail(error: unknown): void {
    const known =
      error instanceof PheromoneError ? error : new PheromoneError('INTERNAL', `receiving a message: ${error}`, { cause: error });
    const { complaint } = this.#protocol;
    if (complaint !== undefined && known.code === 'BAD_MESSAGE') {
      this.#error ??= known;
      this.send(complaint(known));
      this.close();
    } else {
      this.destroy(known);
    }
  }

  #putHead(message: Sent, payloadBytes: number): void {
    const head = encodeHead(this.#protocol.sends, message, payloadBytes);
    if (this.#filled + PREFIX_BYTES > BATCH_BYTES) this.#flush();
    writePrefix(this.#batch, this.#filled, head.length, payloadBytes);
    this.#filled += PREFIX_BYTES;
    this.#put(head);
  }

  #put(bytes: Uint8Array): void {
    if (this.#filled + bytes.length > BATCH_BYTES) this.#flush();
    if (bytes.length <= WIRE_LIMITS.copyBytes) {
      this.#batch.set(bytes, this.#filled);
      this.#filled += bytes.length;
    } else {
      this.#flush();
      this.#socket.write(new Uint8Array(bytes));
    }
  }

  #putKept(parts: readonly Uint8Array[], sent: (() => void) | undefined): void {
    let waiting = 1;
    const taken = (): void => {
      waiting -= 1;
      if (waiting === 0) sent?.();
    };
    for (const part of parts) {
      if (part.length <= WIRE_LIMITS.copyBytes) {
        this.#put(part);
      } else {
        waiting += 1;
        this.#flush();
        this.#socket.write(part, taken);
      }
    }
    process.nextTick(taken);
  }

  #flush(): void {
    this.#isFlushDue = false;
    if (this.#filled === 0) return;
    const bytes = this.#batch.subarray(0, this.#filled);
    this.#filled = 0;
    if (this.#socket.writableLength > 0) {
      // The peer is slow: a waiting write must not hold a whole batch for a few bytes.
      this.#socket.write(Buffer.from(bytes));
      return;
    }
    this.#socket.write(bytes);
    // What the kernel has taken at once is free again.
    if (this.#socket.writableLength > 0) this.#batch = Buffer.allocUnsafeSlow(BATCH_BYTES);
  }
}

/** A client, as the node sees it. */
export type ClientConnection = Connection<NodeMessage, ClientMessage>;
/** A node, as the client sees it. */
export type NodeConnection = Connection<ClientMessage, NodeMessage>;

export interface Listener {
  readonly port: number;
  /** Takes no more connections, ends those there are, and resolves when all are closed. */
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  /** 0: one that is free. */
  readonly port: number;
  /** Sets the connection's handlers. */
  readonly onConnection: (connection: ClientConnection) => void;
}

/** Serves clients. Rejects with `DISCONNECTED` if the address cannot be had. */
export async function listen({ host, port, onConnection }: ListenOptions): Promise<Listener> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    onConnection(
      new Connection(socket, {
        sends: NODE_HEADS,
        receives: CLIENT_HEADS,
        complaint: ({ code, message }) => ({ type: 'failed', id: 0, code, message }),
      }),
    );
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

export interface ConnectOptions {
  readonly host: string;
  readonly port: number;
  /** Default: `WIRE_LIMITS.connectMs`. */
  readonly timeoutMs?: number | undefined;
}

/** Connects to a node. Rejects with `DISCONNECTED` if that does not come about in time. */
export async function connect({ host, port, timeoutMs = WIRE_LIMITS.connectMs }: ConnectOptions): Promise<NodeConnection> {
  const socket = connectSocket({ host, port });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    socket.destroy();
    const { name, code } = error as NodeJS.ErrnoException;
    const why = name === 'AbortError' ? `no answer within ${timeoutMs} ms` : (code ?? error);
    throw new PheromoneError('DISCONNECTED', `connect to ${host}:${port}: ${why}`, { cause: error });
  }
  return new Connection(socket, { sends: CLIENT_HEADS, receives: NODE_HEADS });
}
