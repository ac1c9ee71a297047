/**
 * Frames: length of what follows (u32, little-endian) | length of the head (likewise) | head (msgpack) | payload.
 * The first length counts the second one, too. Where nothing follows the second one, it is a {@link SIGNAL}.
 */
import { Packr, RESET_BUFFER_MODE } from 'msgpackr';
import { PheromoneError } from '../core/errors.ts';
import { Gathered } from './gathered.ts';
import type { Heads } from './heads.ts';
import { WIRE_LIMITS } from './limits.ts';
import { checkShape } from './msgpack-shape.ts';

/** Bytes of the two lengths. */
export const PREFIX_BYTES = 8;
const LENGTH_BYTES = 4;

/** What ends tell each other below all protocols: "are you there?" and "I am". */
export const SIGNAL = { ping: 0xffff_ffff, pong: 0xffff_fffe } as const;
export type Signal = (typeof SIGNAL)[keyof typeof SIGNAL];

/** No record structures: what a peer sends must not be able to change how later messages are read. */
const packr = new Packr({ useRecords: false, structuredClone: false, int64AsType: 'number' });
const NOTHING = new Uint8Array(0);
const DEFAULTS = {};

/** The head of a message, valid until the next call. Throws `INVALID_ARGUMENT` or `OBJECT_TOO_LARGE` if it cannot be sent. */
export function encodeHead<M>(heads: Heads<M>, message: M, payloadBytes: number): Uint8Array {
  const head = packr.pack(heads.toFields(message), RESET_BUFFER_MODE);
  const { headBytes, frameBytes } = WIRE_LIMITS;
  if (head.length > headBytes) {
    throw new PheromoneError('INVALID_ARGUMENT', `message: expected at most ${headBytes} bytes without its payload, got ${head.length}`);
  }
  if (LENGTH_BYTES + head.length + payloadBytes > frameBytes) {
    throw new PheromoneError(
      'OBJECT_TOO_LARGE',
      `message: expected a frame of at most ${frameBytes} bytes, got ${payloadBytes} of payload`,
    );
  }
  return head;
}

/** Writes the two lengths of a frame into `target` at `at`. */
export function writePrefix(target: Buffer, at: number, headBytes: number, payloadBytes: number): void {
  target.writeUInt32LE(LENGTH_BYTES + headBytes + payloadBytes, at);
  target.writeUInt32LE(headBytes, at + LENGTH_BYTES);
}

/** Writes a signal, `PREFIX_BYTES` long, into `target` at `at`. */
export function writeSignal(target: Buffer, at: number, signal: Signal): void {
  target.writeUInt32LE(LENGTH_BYTES, at);
  target.writeUInt32LE(signal, at + LENGTH_BYTES);
}

/**
 * Takes a message and its payload. `isOwn`: the payload has memory of its own and may be kept; otherwise it lies
 * in a buffer of the socket and must be copied before the handler returns, if it is wanted later.
 */
export type MessageHandler<M> = (message: M, payload: Uint8Array, isOwn: boolean) => void;

/** Where the payload of a message is to be gathered: memory of exactly that size, or `undefined` where it makes no difference. */
export type Room<M> = (message: M, payloadBytes: number) => Uint8Array | undefined;

/** How messages are received. */
export interface ReceiveOptions<M> {
  /** Memory for the payload of a message that does not come in one piece. Left out: memory of its own. */
  readonly room?: Room<M>;
  /** Bounds of a frame and of its head, which its lengths are held to before memory is taken. Left out: those of `WIRE_LIMITS`. */
  readonly limits?: { readonly frameBytes: number; readonly headBytes: number };
}

/** A frame that comes in several chunks. */
interface Gathering<M> {
  readonly head: Gathered;
  readonly headBytes: number;
  readonly payloadBytes: number;
  /** Known once the head is there. */
  payload: Gathered | undefined;
  message: M | undefined;
}

/** Cuts a stream of bytes into messages, however it is split into chunks. */
export class FrameDecoder<M> {
  #heads: Heads<M>;
  #options: ReceiveOptions<M>;
  readonly #onMessage: MessageHandler<M>;
  readonly #onSignal: ((signal: Signal) => void) | undefined;
  /** The first bytes of a frame, while there are less than a prefix of them. */
  readonly #prefix = new Uint8Array(PREFIX_BYTES);
  #prefixFilled = 0;
  #gathering: Gathering<M> | undefined;

  /** Without `onSignal`, signals are skipped. */
  constructor(heads: Heads<M>, onMessage: MessageHandler<M>, options: ReceiveOptions<M> = DEFAULTS, onSignal?: (signal: Signal) => void) {
    this.#heads = heads;
    this.#options = options;
    this.#onMessage = onMessage;
    this.#onSignal = onSignal;
  }

  /** Reads the messages that follow the current one as those of `heads`. */
  expect(heads: Heads<M>, options: ReceiveOptions<M>): void {
    this.#heads = heads;
    this.#options = options;
  }

  /** Hands out every message that `chunk` completes. Throws `BAD_MESSAGE`, after which the stream is of no more use. */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#gathering !== undefined) at = this.#gather(this.#gathering, chunk, at);
      else if (this.#prefixFilled === 0 && chunk.length - at >= PREFIX_BYTES) at = this.#begin(chunk, at);
      else at = this.#gatherPrefix(chunk, at);
    }
  }

  /** Memory that the next bytes of the stream belong into; `undefined`: they are to be given to `push`. */
  wanted(): Uint8Array | undefined {
    return this.#gathering?.payload?.rest;
  }

  /** So many of the next bytes have been written into what is `wanted`. */
  placed(count: number): void {
    const frame = this.#gathering as Gathering<M>;
    frame.payload?.advance(count);
    if (frame.payload?.isComplete) this.#endGathering(frame);
  }

  /** A frame begins at `at` with its prefix complete: decodes it where it lies if all of it is there. */
  #begin(chunk: Uint8Array, at: number): number {
    const bytes = readUint32(chunk, at);
    const headBytes = readUint32(chunk, at + LENGTH_BYTES);
    const start = at + PREFIX_BYTES;
    if (bytes === LENGTH_BYTES && (headBytes === SIGNAL.ping || headBytes === SIGNAL.pong)) {
      this.#onSignal?.(headBytes);
      return start;
    }
    this.#checkLengths(bytes, headBytes);
    const end = at + LENGTH_BYTES + bytes;
    if (end > chunk.length) {
      const payloadBytes = bytes - LENGTH_BYTES - headBytes;
      this.#gathering = { head: new Gathered(headBytes), headBytes, payloadBytes, payload: undefined, message: undefined };
      return start;
    }
    const headEnd = start + headBytes;
    const payload = headEnd === end ? NOTHING : chunk.subarray(headEnd, end);
    this.#onMessage(this.#decode(chunk, start, headEnd, payload.length), payload, false);
    return end;
  }

  #gatherPrefix(chunk: Uint8Array, at: number): number {
    const taken = Math.min(PREFIX_BYTES - this.#prefixFilled, chunk.length - at);
    this.#prefix.set(chunk.subarray(at, at + taken), this.#prefixFilled);
    this.#prefixFilled += taken;
    if (this.#prefixFilled === PREFIX_BYTES) {
      this.#prefixFilled = 0;
      this.#begin(this.#prefix, 0);
    }
    return at + taken;
  }

  #gather(frame: Gathering<M>, chunk: Uint8Array, at: number): number {
    const part = frame.payload ?? frame.head;
    const next = part.take(chunk, at);
    if (!part.isComplete) return next;
    if (frame.payload === undefined) this.#beginPayload(frame);
    if (frame.payload?.isComplete) this.#endGathering(frame);
    return next;
  }

  /** The head of a frame is there: what it says may decide where the payload goes. */
  #beginPayload(frame: Gathering<M>): void {
    const { head, headBytes, payloadBytes } = frame;
    frame.message = this.#decode(head.bytes, 0, headBytes, payloadBytes);
    frame.payload = new Gathered(payloadBytes, this.#options.room?.(frame.message, payloadBytes));
  }

  #endGathering({ message, payload }: Gathering<M>): void {
    this.#gathering = undefined;
    this.#onMessage(message as M, (payload as Gathered).bytes, true);
  }

  #checkLengths(bytes: number, headBytes: number): void {
    const limits = this.#options.limits ?? WIRE_LIMITS;
    if (bytes > limits.frameBytes) {
      throw new PheromoneError('BAD_MESSAGE', `frame: expected at most ${limits.frameBytes} bytes, got ${bytes}`);
    }
    const most = Math.min(limits.headBytes, bytes - LENGTH_BYTES);
    if (headBytes < 1 || headBytes > most) {
      throw new PheromoneError('BAD_MESSAGE', `frame: expected a head of 1 to ${most} bytes, got ${headBytes}`);
    }
  }

  /** Decodes in place: a view of the head alone would cost a sixth of the whole decoding. */
  #decode(source: Uint8Array, start: number, end: number, payloadBytes: number): M {
    checkShape(source, start, end);
    let fields: unknown;
    try {
      fields = packr.unpack(source, { start, end });
    } catch (error) {
      throw new PheromoneError('BAD_MESSAGE', `head: expected msgpack: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    }
    return this.#heads.fromFields(fields, payloadBytes);
  }
}

function readUint32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
