/** What guards a connection: the cluster's secret and TLS. Nothing of it is ever part of an error or a log. */
import { isIPv4 } from 'node:net';
import { PheromoneError } from '../core/errors.ts';
import { WIRE_LIMITS } from './limits.ts';

/** Certificates in PEM. Both ends show one and check the other's. */
export interface Tls {
  readonly cert: string | Uint8Array;
  readonly key: string | Uint8Array;
  /** Whoever shows a certificate that this one has signed is let in. */
  readonly ca: string | Uint8Array;
  /** The name that listeners' certificates are issued to. Default: the host that is dialled. */
  readonly serverName?: string | undefined;
}

/** The same on both ends of a connection, or it does not come about. */
export interface Security {
  /** Proven by both ends in the greeting, never sent. At least `WIRE_LIMITS.secretBytes`, and random: `openssl rand -base64 32`. */
  readonly secret?: string | Uint8Array | undefined;
  readonly tls?: Tls | undefined;
}

/** Whether what listens there can be reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/**
 * Throws `INVALID_ARGUMENT` for a secret that is too short, and where a listener without one could be reached from
 * other machines.
 */
export function checkSecurity(where: string, { secret }: Security, listensOn?: string): void {
  if (secret === undefined) {
    if (listensOn === undefined || isLoopback(listensOn)) return;
    throw new PheromoneError(
      'INVALID_ARGUMENT',
      `${where}: expected a cluster secret, or 127.0.0.1 as the host, to listen on: ${listensOn} can be reached from other machines`,
    );
  }
  const bytes = Buffer.byteLength(secret);
  if (bytes < WIRE_LIMITS.secretBytes) {
    throw new PheromoneError(
      'INVALID_ARGUMENT',
      `${where}: expected a cluster secret of at least ${WIRE_LIMITS.secretBytes} bytes, got ${bytes}`,
    );
  }
}
