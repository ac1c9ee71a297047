/** Who may ask: whoever has the token, or, where there is none, this machine's own programs. */
import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { PheromoneError } from '../core/errors.ts';
import { isLoopback } from '../wire/security.ts';
import { HttpError } from './problem.ts';

/** Returns what keeps a request from being served. */
export type CheckAccess = (headers: IncomingHttpHeaders) => PheromoneError | HttpError | undefined;

/** Checks the bearer token; without a token, that no web page asks through its visitor's browser. */
export function accessCheck(token: string | undefined): CheckAccess {
  if (token === undefined) return faultOfOrigin;
  const expected = hash('sha256', `Bearer ${token}`, 'buffer');
  return ({ authorization = '' }) => {
    // Hashes are equally long, so that the time of the comparison says nothing of the token.
    const isRight = timingSafeEqual(hash('sha256', authorization, 'buffer'), expected);
    return isRight ? undefined : new PheromoneError('UNAUTHENTICATED', 'authorization: expected "Bearer" and the token of the gateway');
  };
}

/**
 * A page of any site can have a browser ask a loopback address: under the site's own name, if that was made to
 * resolve to it, or, without reading the answer, under the address. The first shows in `host`, the second in `origin`.
 */
function faultOfOrigin({ host = '', origin }: IncomingHttpHeaders): HttpError | undefined {
  if (!isLoopback(nameIn(host))) return new HttpError('FORBIDDEN', `host: expected a loopback address, got "${host}"`);
  if (origin !== undefined && !isLoopback(nameIn(URL.parse(origin)?.host ?? ''))) {
    return new HttpError('FORBIDDEN', `origin: expected a loopback address, got "${origin}"`);
  }
  return undefined;
}

/** The name or address, in a host header or a URL's host. */
function nameIn(host: string): string {
  return host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1');
}
