/** The two ends of a kept-alive HTTP connection on which texts go back and forth. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Pool } from 'undici';
import { DriverError } from '../../workloads/api/driver.ts';
import { messageOf } from '../../workloads/api/run-body.ts';
import type { Failure } from './messages.ts';

const KEEP_ALIVE_MS = 600_000;
const REFUSED = 400;

export interface Answer {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** What a handler gives back; no body is an empty one. */
export interface Reply {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A server of another process. */
export class Endpoint {
  readonly #pool: Pool;

  constructor(port: number) {
    this.#pool = new Pool(`http://127.0.0.1:${port}`, {
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /** Rejects with the {@link DriverError} of a refusal, or with whatever the connection failed of. */
  async request(method: 'POST' | 'PUT' | 'DELETE', path: string, body: string): Promise<Answer> {
    const answer = await this.#pool.request({ method, path, body });
    const { statusCode, headers } = answer;
    const came = await answer.body.text();
    if (statusCode === REFUSED) throw errorOf(JSON.parse(came) as Failure);
    return { headers, body: came };
  }

  /** Ends all connections; requests under way reject. */
  close(): Promise<void> {
    return this.#pool.destroy();
  }
}

/** Serves on a port of its own choice; what `handle` rejects with is told to the caller. */
export async function serve(handle: (method: string, path: string, body: string) => Promise<Reply>): Promise<number> {
  const server = createServer({ noDelay: true, keepAliveTimeout: 0 }, (request: IncomingMessage, response) => {
    response.sendDate = false;
    text(request)
      .then((body) => handle(request.method!, request.url!, body))
      .then(({ headers = {}, body = '' }) => response.writeHead(200, headers).end(body))
      .catch((error: unknown) => response.writeHead(REFUSED).end(JSON.stringify(failureOf(error))));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

export function failureOf(error: unknown): Failure {
  return { error: error instanceof DriverError ? error.code : 'PLATFORM_FAILED', cause: messageOf(error) };
}

export function errorOf({ error, cause }: Failure): DriverError {
  return new DriverError(error === 'NoValue' ? 'FUNCTION_FAILED' : error, cause);
}
