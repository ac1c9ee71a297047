/**
 * How both ends of a connection prove that they know the cluster's secret without sending it: each answers the
 * other's nonce with a keyed hash over everything that has been said (docs/decisions/0012-challenge.md).
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Identity } from './greeting-messages.ts';
import { WIRE_LIMITS } from './limits.ts';

/** Separates these hashes from all others that may be made with the same secret. */
const CONTEXT = 'pheromone greeting';

/** Of an end without a secret. */
export const NO_NONCE = new Uint8Array(0);

/** Who is at an end of a connection, and the nonce that it drew for it. */
export interface Party extends Identity {
  readonly nonce: Uint8Array;
}

/** What the proofs of one connection are about. */
export interface Transcript {
  readonly dialler: Party;
  readonly listener: Party;
  /** Known to the two ends of a TLS connection alone; empty without TLS. */
  readonly channel: Uint8Array;
}

export function newNonce(): Uint8Array {
  return randomBytes(WIRE_LIMITS.nonceBytes);
}

/** The proof of one end. It differs between the ends, so that none can be given back as one's own. */
export function proofOf(secret: string | Uint8Array, by: 'dialler' | 'listener', { dialler, listener, channel }: Transcript): Uint8Array {
  const hash = createHmac('sha256', secret);
  const parts = [CONTEXT, by, channel, dialler.role, dialler.name, dialler.nonce, listener.role, listener.name, listener.nonce];
  for (const part of parts) {
    const bytes = Buffer.from(part);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    hash.update(length).update(bytes);
  }
  return hash.digest();
}

/** Whether two proofs are the same; takes as long for the first byte that differs as for the last. */
export function isSameProof(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
