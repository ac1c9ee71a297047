/** HTTP as the S3 client uses it: connections kept and bounded in number, silence and overload told as failures that may pass. */
import http from 'node:http';
import https from 'node:https';
import type { ClientOptions } from 'minio';
import { STORE_LIMITS } from './limits.ts';

/** A failure after which the same request may succeed. */
class PassingFault extends Error {}

/** Statuses by which a server says that it cannot just now. */
const PASSING_STATUS: ReadonlySet<number | undefined> = new Set([408, 429, 500, 502, 503, 504]);

/** Whether the same request may succeed later: after such an answer, after silence, and after errors of the system's network calls. */
export function mayPass(error: unknown): boolean {
  return error instanceof PassingFault || /^E[A-Z]+$/.test(String((error as NodeJS.ErrnoException | undefined)?.code));
}

/** What the client takes as its transport and its agent. Whoever opens it destroys the agent. */
export function openTransport(protocol: string, idleMs: number): Required<Pick<ClientOptions, 'transport' | 'transportAgent'>> {
  const scheme = protocol === 'https:' ? https : http;
  const request = (options: http.RequestOptions, answered: (response: http.IncomingMessage) => void): http.ClientRequest => {
    let response: http.IncomingMessage | undefined;
    const made = scheme.request(options, (answer) => {
      response = answer;
      if (!PASSING_STATUS.has(answer.statusCode)) return answered(answer);
      made.destroy(new PassingFault(`the server answered with status ${answer.statusCode}`));
    });
    made.on('timeout', () => (response ?? made).destroy(new PassingFault(`no sign of the server for ${idleMs} ms`)));
    return made;
  };
  return {
    // The client uses this one of the signatures alone.
    transport: { request: request as typeof http.request },
    transportAgent: new scheme.Agent({ keepAlive: true, maxSockets: STORE_LIMITS.connections, timeout: idleMs }),
  };
}
