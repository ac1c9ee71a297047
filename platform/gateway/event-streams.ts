/** Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import { PheromoneError } from '../core/errors.ts';
import type { GatewayLimits } from './limits.ts';
import { problemOf } from './problem.ts';

const HEADERS = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no', connection: 'close' };
const HEARTBEAT = ': alive\n\n';

/** All streams of a gateway. */
export class EventStreams {
  readonly #open = new Set<EventStream>();
  readonly #limits: GatewayLimits;

  constructor(limits: GatewayLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Throws `OVERLOADED` where a further stream would be too many. */
  expectRoom(): void {
    if (this.#open.size >= this.#limits.streams) {
      throw new PheromoneError('OVERLOADED', `streams: expected at most ${this.#limits.streams} at once, got one more`);
    }
  }

  /** Answers a request with a stream. `onClose` is called once it is over, whoever ended it. Throws `OVERLOADED`. */
  open(reply: FastifyReply, onClose: () => void): EventStream {
    this.expectRoom();
    reply.hijack();
    reply.raw.writeHead(200, HEADERS).flushHeaders();
    const stream = new EventStream(reply.raw, this.#limits);
    this.#open.add(stream);
    reply.raw.once('close', () => {
      this.#open.delete(stream);
      stream.abandon();
      onClose();
    });
    return stream;
  }

  /** Ends all streams with an error. */
  failAll(error: unknown): void {
    for (const stream of this.#open) stream.fail(error);
  }
}

export class EventStream {
  readonly #response: ServerResponse;
  readonly #limits: GatewayLimits;
  readonly #heartbeat: NodeJS.Timeout;
  #isOver = false;

  constructor(response: ServerResponse, limits: GatewayLimits) {
    this.#response = response;
    this.#limits = limits;
    this.#heartbeat = setInterval(() => this.#write(HEARTBEAT), limits.heartbeatMs);
  }

  /** Sends an event with `data` as JSON. If its reader is too slow, the stream ends with an error instead. */
  send(event: string, data: unknown): void {
    this.#write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** Ends the stream with an `error` event. */
  fail(error: unknown): void {
    this.#end('error', problemOf(error, this.#limits));
  }

  /** Ends the stream with an `end` event. */
  end(): void {
    this.#end('end', {});
  }

  /** Takes that there is no reader any more. */
  abandon(): void {
    this.#isOver = true;
    clearInterval(this.#heartbeat);
  }

  #write(text: string): void {
    if (this.#isOver) return;
    if (this.#response.writableLength > this.#limits.streamBytes) {
      this.fail(new PheromoneError('OVERLOADED', `stream: expected its reader to leave at most ${this.#limits.streamBytes} bytes waiting`));
    } else {
      this.#response.write(text);
    }
  }

  #end(event: string, data: unknown): void {
    if (this.#isOver) return;
    this.abandon();
    this.#response.end(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }
}
