/** A gateway in front of a platform that behaves as a test wants, and how to ask it. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { ExecutionContext } from 'ava';
import { configureLog } from '../../log/log.ts';
import { startGateway } from '../gateway.ts';
import type { GatewayOptions } from '../options.ts';
import { FakePlatform } from './fake-platform.ts';

configureLog({ level: 'silent' });

const POLL_MS = 10;
const POLLS = 3_000;

/** Path of the calls of a function. */
export const callsOf = (fn: string): string => `/v1/apps/a/functions/${fn}/calls`;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The text as JSON. */
  readonly json: Record<string, unknown>;
}

export interface TestGateway {
  readonly platform: FakePlatform;
  readonly port: number;
  stop(): Promise<void>;
  ask(method: string, path: string, body?: string | Uint8Array, headers?: Record<string, string>): Promise<Answer>;
  /** Opens a connection and writes to it; it is gone when the test is over. */
  dial(text: string): Promise<Socket>;
}

/** Starts a gateway; it is gone when the test is over. */
export async function gatewayOf(
  t: ExecutionContext,
  options: Partial<GatewayOptions> = {},
  platform = new FakePlatform(),
): Promise<TestGateway> {
  const { port, stop } = await startGateway({ port: 0, ...options }, platform);
  t.teardown(stop);
  return {
    platform,
    port,
    stop,
    async ask(method, path, body, headers = {}) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        headers,
        ...(body !== undefined && { body: body as string }),
      });
      return answerOf(response);
    },
    async dial(written) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      t.teardown(() => socket.destroy());
      await once(socket, 'connect');
      socket.write(written);
      return socket;
    },
  };
}

async function answerOf(response: Response): Promise<Answer> {
  const body = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text: body,
    get json() {
      return JSON.parse(body) as Record<string, unknown>;
    },
  };
}

/** All that comes until the other end closes, or the connection is lost. */
export async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk)).resume();
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  return Buffer.concat(chunks).toString();
}

/** Waits until something holds; whether it came to. */
export async function comesTrue(holds: () => boolean | Promise<boolean>): Promise<boolean> {
  for (let poll = 0; poll < POLLS; poll++) {
    if (await holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return false;
}

export interface ServerSentEvent {
  readonly event: string;
  readonly data: Record<string, unknown>;
}

/** Server-sent events until the stream ends. */
export async function eventsIn(response: Response): Promise<ServerSentEvent[]> {
  const blocks = (await response.text()).matchAll(/^event: (.*)\ndata: (.*)\n\n/gm);
  return Array.from(blocks, ([, event = '', data = '']) => ({ event, data: JSON.parse(data) as Record<string, unknown> }));
}
