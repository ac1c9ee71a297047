/** Messages over a socket. */
import type { Socket } from 'node:net';
import { PheromoneError } from '../core/errors.ts';
import {
  encodeHead,
  FrameDecoder,
  type MessageHandler,
  PREFIX_BYTES,
  type ReceiveOptions,
  SIGNAL,
  type Signal,
  writePrefix,
  writeSignal,
} from './codec.ts';
import type { DirectReading } from './direct-reading.ts';
import type { Heads } from './heads.ts';
import { KeepAlive, type KeepAliveOptions } from './keep-alive.ts';
import { WIRE_LIMITS } from './limits.ts';
import { faultOfSocket } from './sockets.ts';

const BATCH_BYTES = 2 * WIRE_LIMITS.copyBytes;
const NOTHING = new Uint8Array(0);

/** What a connection sends and receives. */
export interface Protocol<Sent, Received> extends ReceiveOptions<Received> {
  readonly sends: Heads<Sent>;
  readonly receives: Heads<Received>;
  /** The last message to a peer that broke the protocol. Left out: the connection just ends. */
  readonly complaint?: (error: PheromoneError) => Sent;
  /**
   * While more bytes than that wait for the other end to take them, nothing is read from it. For one of two ends only:
   * the other one has to read whatever it sends. Left out: any number.
   */
  readonly unreadBytes?: number;
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
  readonly #reading: DirectReading | undefined;
  #protocol: Protocol<Sent, Received>;
  #decoder: FrameDecoder<Received> | undefined;
  /** What has come between a change of protocol and its handler. */
  #early: [Received, Uint8Array][] = [];
  /** Frames not yet written. Replaced when the socket could not take all of it at once. */
  #batch = Buffer.allocUnsafeSlow(BATCH_BYTES);
  #filled = 0;
  #isFlushDue = false;
  #state: 'open' | 'closing' | 'closed' = 'open';
  #error: PheromoneError | undefined;
  #onMessage: MessageHandler<Received> | undefined;
  #onClose: CloseHandler | undefined;
  #closeTimer: NodeJS.Timeout | undefined;
  #keepAlive: KeepAlive | undefined;
  /** Received since something was last written. */
  #unansweredBytes = 0;
  readonly #flushOnTick = (): void => this.#flush();

  /** `reading`: that which the socket was made with, if it was. */
  constructor(socket: Socket, protocol: Protocol<Sent, Received>, reading?: DirectReading) {
    this.#socket = socket;
    this.#reading = reading;
    this.#protocol = protocol;
    socket.setNoDelay(true);
    socket.on('error', (error) => {
      this.#error ??= faultOfSocket('connection lost', error);
    });
    socket.once('close', () => {
      this.#state = 'closed';
      clearTimeout(this.#closeTimer);
      this.#keepAlive?.stop();
      this.#onClose?.(this.#error);
    });
  }

  /** Whether it has ended at this end. */
  get isOver(): boolean {
    return this.#state === 'closed';
  }

  /** Bytes sent that the kernel has not taken yet. */
  get pendingBytes(): number {
    return this.#filled + this.#socket.writableLength;
  }

  /**
   * Goes on with another protocol from the next message on, in both directions. The handlers are to be set anew; what
   * has come until then is kept, and no more is read.
   */
  speak<S, R>(protocol: Protocol<S, R>): Connection<S, R> {
    const self = this as unknown as Connection<S, R>;
    self.#protocol = protocol;
    self.#onMessage = undefined;
    self.#decoder?.expect(protocol.receives, protocol);
    self.#socket.pause();
    return self;
  }

  /** Sets or replaces the handler of all messages; with the first one reading begins. A handler that throws ends the connection. */
  onMessage(handler: MessageHandler<Received>): void {
    this.#onMessage = handler;
    if (this.#decoder === undefined) this.#read();
    else this.#deliverEarly(handler);
  }

  #read(): void {
    const deliver: MessageHandler<Received> = (message, payload, isOwn) => {
      if (this.#state !== 'open') return;
      if (this.#onMessage === undefined) this.#early.push([message, isOwn ? payload : Uint8Array.from(payload)]);
      else this.#onMessage(message, payload, isOwn);
    };
    const decoder = new FrameDecoder(this.#protocol.receives, deliver, this.#protocol, (signal) => {
      if (signal === SIGNAL.ping) this.#signal(SIGNAL.pong);
    });
    this.#decoder = decoder;
    if (this.#reading === undefined) {
      this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk.length, () => decoder.push(chunk)));
      return;
    }
    this.#reading.attach({
      wanted: () => decoder.wanted(),
      placed: (count) => this.#receive(count, () => decoder.placed(count)),
      push: (chunk) => this.#receive(chunk.length, () => decoder.push(chunk)),
    });
  }

  #receive(count: number, decode: () => void): void {
    if (this.#state !== 'open') return;
    this.#keepAlive?.heard();
    this.#unansweredBytes += count;
    try {
      decode();
    } catch (error) {
      this.#fail(error);
    }
    // Whoever sends a large message cannot ask before its end.
    if (this.#unansweredBytes > WIRE_LIMITS.silentBytes) this.#signal(SIGNAL.pong);
    if (this.pendingBytes > (this.#protocol.unreadBytes ?? Number.POSITIVE_INFINITY)) this.#awaitReader();
  }

  #awaitReader(): void {
    if (!this.#socket.writableNeedDrain) return;
    this.#socket.pause();
    this.#socket.once('drain', () => this.#socket.resume());
  }

  #deliverEarly(handler: MessageHandler<Received>): void {
    const early = this.#early;
    this.#early = [];
    try {
      for (const [message, payload] of early) if (this.#state === 'open') handler(message, payload, true);
    } catch (error) {
      this.#fail(error);
    }
    this.#socket.resume();
  }

  /** Sets or replaces the handler of the connection's end. It is called once, also where the connection is over already. */
  onClose(handler: CloseHandler): void {
    this.#onClose = handler;
    if (this.#state === 'closed') process.nextTick(() => handler(this.#error));
  }

  /**
   * From now on an other end that stands still or is cut off is noticed, while something is awaited from it: the
   * connection then ends with `DISCONNECTED`. What is awaited must have been asked for over this connection.
   */
  keepAlive(options: KeepAliveOptions): void {
    const lost = new PheromoneError('DISCONNECTED', `connection lost: expected a sign of life within ${options.timeoutMs} ms, got none`);
    this.#keepAlive?.stop();
    this.#keepAlive = new KeepAlive(
      options,
      () => this.#signal(SIGNAL.ping),
      () => this.destroy(lost),
    );
    if (this.#state === 'open') this.#keepAlive.sent();
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
    this.#keepAlive?.sent();
    this.#flushLater();
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

  /** Says nothing where something else is on its way: that says as much. */
  #signal(signal: Signal): void {
    if (this.#state !== 'open' || this.pendingBytes > 0) return;
    writeSignal(this.#batch, 0, signal);
    this.#filled = PREFIX_BYTES;
    this.#flushLater();
  }

  /** After the microtasks: an answer whose handling sends the next call joins the same write. */
  #flushLater(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    process.nextTick(this.#flushOnTick);
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
    this.#unansweredBytes = 0;
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
