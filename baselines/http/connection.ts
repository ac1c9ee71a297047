/** Requests over kept-alive connections to one process, and the collecting of a request's body. */
import type { IncomingMessage } from 'node:http';
import { Pool } from 'undici';
import { DriverError, type DriverErrorCode } from '../../workloads/api/driver.ts';
import { messageOf } from '../../workloads/api/run-body.ts';

/** More would only wait in line at the receiver, which has one thread. */
const CONNECTIONS = 32;
const KEEP_ALIVE_MS = 600_000;

/** Where the error of a refused request stands: JSON in the body of the answer. */
export interface ErrorBody {
  readonly code: DriverErrorCode;
  readonly message: string;
}

export class Connection {
  readonly #pool: Pool;
  readonly #origin: string;

  constructor(port: number) {
    this.#origin = `http://127.0.0.1:${port}`;
    this.#pool = new Pool(this.#origin, {
      connections: CONNECTIONS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /** Resolves once the receiver has the request; what it then does with it is told elsewhere. Rejects with a {@link DriverError}. */
  send(method: 'POST' | 'PUT' | 'DELETE', path: string, headers: Record<string, string>, body: Uint8Array | null): Promise<void> {
    return new Promise((resolve, reject) => {
      let status = 0;
      let answer = '';
      this.#pool.dispatch(
        { method, path, headers, body },
        {
          onRequestStart() {},
          onResponseStart(_controller, statusCode) {
            status = statusCode;
          },
          onResponseData(_controller, chunk) {
            answer += chunk.toString();
          },
          onResponseEnd() {
            if (status < 400) resolve();
            else reject(errorOf(answer, `${method} ${path}: expected the request to be taken, got status ${status}`));
          },
          onResponseError: (_controller, cause) => {
            reject(
              new DriverError('PLATFORM_FAILED', `${method} ${this.#origin}${path}: expected an answer, got: ${messageOf(cause)}`, {
                cause,
              }),
            );
          },
        },
      );
    });
  }

  /** Ends all connections; requests under way reject. */
  close(): Promise<void> {
    return this.#pool.destroy();
  }
}

/** The error in the body of an answer; `otherwise` says what there is to say without one. */
function errorOf(answer: string, otherwise: string): DriverError {
  if (!answer.startsWith('{')) return new DriverError('PLATFORM_FAILED', otherwise);
  const { code, message } = JSON.parse(answer) as ErrorBody;
  return new DriverError(code, message);
}

/** The whole body of a request, copied once. Rejects if it breaks off. */
export function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const body = Buffer.allocUnsafe(Number(request.headers['content-length'] ?? 0));
  let at = 0;
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      at += chunk.copy(body, at);
    });
    request.on('end', () => resolve(body));
    request.on('error', reject);
  });
}
